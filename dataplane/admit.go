package dataplane

import (
	"io"
	"net"
	"net/netip"
	"time"

	"fairlead.dev/fairlead/dataplane/limit"
)

// Answers to connections that are too many (RFC 9110 section 15.6.4, RFC 6585
// section 4). Over TLS there is nobody yet to say this to.
const (
	tooMany       = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	tooManyOfYour = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

// admit counts a connection in, or turns it away and closes it. Each that was let
// in has to leave.
func (p *Plane) admit(c net.Conn, plain bool) bool {
	refusal := p.connections.Enter(clientAddr(c))
	if refusal == "" {
		return true
	}
	p.metrics.Refused(string(refusal))
	if plain {
		answer := tooMany
		if refusal == limit.TooManyOfAddress {
			answer = tooManyOfYour
		}
		_ = c.SetWriteDeadline(time.Now().Add(lastWord))
		_, _ = io.WriteString(c, answer)
	}
	c.Close()
	return false
}

// leave counts a connection out.
func (p *Plane) leave(c net.Conn) { p.connections.Leave(clientAddr(c)) }

// clientAddr returns the address of a client; its zero, where it has none.
func clientAddr(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
