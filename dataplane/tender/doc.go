// Package tender is how the data plane reaches what it has no access to. A
// Tender is the same binary, run as a small swarm service that stands on one
// overlay network, or holds secrets; it serves a unix socket in a folder that it
// shares with the data plane. Server is the Tender's side, Pool the data plane's.
//
// The protocol is one request and one answer per connection:
//
//	request   one line: "dial HOST:PORT\n", "secret ID\n" or "watch\n"
//	answer    one byte (0 done, 1 failed), a length as 4 bytes in network byte
//	          order, and as many bytes: a secret's, or a message where it failed
//
// The answer to dial carries the connected TCP socket with its first byte
// (SCM_RIGHTS, unix(7)). The socket then belongs to the data plane: there is no
// further hop and splice(2) works on it, but it lives in the Tender's network
// namespace. The answer to watch never comes: the connection ends when the Tender does,
// and so tells the data plane at once. It then closes every connection that
// came from that Tender, since nothing flows in a namespace without a container.
//
// Sockets are named for what they give: network-<network ID>.sock, and
// secrets-<anything>.sock, of which a data plane asks each in turn. A secret's
// bytes cross the socket and stand in memory; the folder holds sockets only.
package tender
