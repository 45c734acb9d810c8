// Package labels is what the dialects share: the Service that labels are read
// from, the Set that remembers what was said of each of them, and what comes
// out, Routes and Entries.
//
// A dialect takes every label that it claims from a Set and says one of four
// things of it: it was translated (to which field), it was adapted (translated,
// with a difference to know), it is needless, or it is lost (why, and what to do
// instead). What it says nothing of is lost, so that no label disappears in
// silence.
//
// Where a lost label kept requests out (a password, a list of addresses) the
// Route is open, and says so: whoever writes Routes down must not write that one
// without being asked to.
package labels
