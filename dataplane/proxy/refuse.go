package proxy

import (
	"errors"
	"net/http"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/wire"
)

// refuse answers what is no request, or does not become one.
func (n *connection) refuse(err error) {
	status, why, reason := 0, "", ""
	var fault *http1.Error
	switch {
	case errors.As(err, &fault):
		status, why, reason = fault.Status, fault.Error(), "malformed"
		if status == http.StatusRequestHeaderFieldsTooLarge {
			reason = "header"
		}
	case phase(n.phase.Load()) == head && isTimeout(err) && !n.closing.Load():
		status, why, reason = http.StatusRequestTimeout, "the head did not come in time", "header_timeout"
	default:
		return
	}
	n.engine.cfg.Refused(reason)
	n.phase.Store(int32(lingering))
	_ = n.conn.SetReadDeadline(time.Time{})
	w := n.work
	if w == nil {
		w = n.take()
	}
	w.head = http1.Request{Fields: w.head.Fields[:0], Minor: 1}
	w.x.in = message.Request{Fields: w.x.in.Fields[:0]}
	n.client.begin()
	n.client.last = true
	w.x.refuse(status, why)
	n.client.putOut()
	n.linger()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// lastWord is how long, and longestLinger how much, a client may go on sending
// that has got its last answer. To close at once would let the kernel throw the
// answer away that it has not taken yet (RFC 9112 section 9.6).
const (
	lastWord      = time.Second
	longestLinger = 256 << 10
)

func (n *connection) linger() {
	n.phase.Store(int32(lingering))
	if n.conn.CloseWrite() != nil || n.conn.TLS != nil && closeWrite(n.conn.Socket) != nil {
		return
	}
	if n.conn.SetReadDeadline(time.Now().Add(lastWord)) != nil {
		return
	}
	buf := wire.GetLarge()
	defer wire.PutLarge(buf)
	for got := 0; got < longestLinger; {
		k, err := n.conn.Socket.Read(buf[:])
		if got += k; err != nil {
			return
		}
	}
}
