// Package passthrough carries connections that are not looked into: from a
// client to an Endpoint and back, until both sides have ended.
//
// On Linux (amd64, arm64) that is the work of a Relay: a few loops that each wait for many
// sockets with an epoll of their own, so that a connection costs no goroutine, no
// wake-up of the scheduler and no memory worth mentioning. What is short is read
// and written. Once there is much of it the kernel moves the bytes from one socket
// to the other, by splice(2), and they never come to this process.
//
// Elsewhere, and for connections that somebody else may close, Splice does the
// same with two goroutines and the net package. The kernel moves the bytes only as
// long as nothing wraps the connections, so there they are net.Conns as the dialer
// and the listener made them.
package passthrough
