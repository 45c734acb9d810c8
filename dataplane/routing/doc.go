// Package routing decides which Rule serves a request. A Table is made from one
// Snapshot, never changes, and may be read by any number of goroutines. The Table
// of the next Snapshot is made of it, and shares what the two Snapshots share.
//
// A request is decided in two steps.
//
// First its host. The port is cut off, a trailing dot too, and letters become
// lower case. Of all host patterns the most specific that covers the host is
// taken: the host itself, else the longest "*.suffix", else "*". There is no
// way back from there: if no Rule of that pattern matches, the answer is
// NotFound, even where a wider pattern has a Rule that would. Each Listener has
// an index of its own, a hash look-up per label, so that ten thousand hosts
// cost as one:
//
//   - Plain holds the Routes without TLS and those that terminate it. Of one
//     pattern the Routes without TLS are asked first, then the others; if one
//     of those wins that is not served in the clear, or none of them matches
//     but one of them is not served in the clear, the answer is
//     RedirectToHTTPS. Passthrough Routes do not exist here.
//   - TLS holds the Routes that terminate TLS and those that pass it through.
//     If the first Route of a pattern (in the Snapshot's order) is of one of
//     the two, then Routes of the other have no part in that pattern.
//
// Then the Rule. The Matches of all Rules of the pattern are sorted once, by
// what semantics call precedence: Exact path, then RegularExpression with the
// longer one first, then PathPrefix with the longer one first; with a method
// before without; more headers first; more query parameters first; then by
// Route, Rule and Match in the Snapshot's order. The first that admits the
// request wins. A pattern with many Matches has its Exact paths and prefixes in
// maps; a small one is walked.
//
// Paths are compared as they are written on the wire: escapes are not decoded
// and dot segments not resolved, since the Endpoint gets them like that.
//
// A TLS connection belongs to the Policy of the most specific pattern that
// covers its SNI: the Certificates, the ClientAuth and what is accepted of TLS, of
// all terminating Routes of that pattern. Patterns for which these are equal share a Policy. A
// request for a host of another Policy, or of none, is Misdirected. Which
// Policy an SNI has is asked of the current Table for each request, so that a
// connection outlives a changed certificate. Not so a changed ClientAuth: whom the
// connection was made with is its own.
//
// Explain says the same as Match, with the reason for each Match that did not
// win. Both ask candidate.refusal, so they cannot differ.
package routing
