// Package wire is the bytes of a connection, in the clear or over TLS, with as
// few system calls, wake-ups and as little memory as they can cost.
//
//	Socket   a TCP connection: raw system calls on the runtime's poller, and a
//	         round trip (look, write, wait, read) that enters the poller once
//	Records  what crypto/tls reads from and writes to: it cuts what it reads at
//	         the ends of TLS records, so that nothing is left in crypto/tls while
//	         a connection waits, and it can hold writes back and send many
//	         records at once
//	Conn     either of them, as the engine sees it
//	Buffer   bytes that were read and not yet used; it has memory only while it
//	         has bytes, so that idle connections have none
//
// The raw system calls are those of socket_raw.go. They are made only on
// non-blocking sockets, inside the callbacks of syscall.RawConn, so that
// deadlines and Close work as ever. Elsewhere, and under the race detector, which
// has to see the reads and writes, socket_portable.go does the same by the net
// package. Connections that are no sockets are portable everywhere.
package wire
