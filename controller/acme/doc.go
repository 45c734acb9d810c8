// Package acme gets certificates from authorities that speak ACME (RFC 8555),
// such as Let's Encrypt. When one is ordered is package plan's decision; here an
// order is carried out, from the account to the chain.
//
// The protocol is a library's. What is ours is which challenge is answered, that
// it is shown everywhere before the authority looks for it and nowhere after, and
// what is said when the authority refuses.
package acme
