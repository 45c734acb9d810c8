// Package acme gets certificates from authorities that speak ACME (RFC 8555),
// such as Let's Encrypt. When one is ordered is package plan's decision; here an
// order is carried out, from the account to the chain:
//
//	bundle, leaf, err := acme.Obtain(ctx, order, presenter)
//
//	directory ─► account, found by its key or made ─► order ─► an authorization a name
//	          ─► Present what the authority looks for ─► it looks ─► Withdraw
//	          ─► new key, request ─► chain ─► checked ─► bundle
//
// The protocol is a library's. What is ours is which challenge is answered, that
// it is shown everywhere before the authority looks for it and nowhere after, that
// what comes is what was ordered, and what is said when the authority refuses.
//
// One call is one try and keeps nothing: the caller's own back-off is all that
// decides how often an authority is asked.
//
// # What the authority looks for
//
// A Presenter shows it: the data planes answer HTTP01 and TLSALPN01, DNS writes
// the records of DNS01 into a zone by RFC 2136. Presenters joins them by type.
//
// # When it does not work
//
// Refused is a no of the authority, in its words. Unreachable says that it gave no
// answer, or that its own certificate is not trusted. Anything else is an Order
// that cannot be right (a wildcard without DNS01), a Presenter's error, or a
// certificate that is not the one that was ordered. All of them are sentences for
// people: which host, which authority, what it said, what to do.
package acme
