package proxy

import (
	"io"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
)

// leastSplice is the length of a rest that is worth a pipe. onePiece is how much
// is carried before the client's time to take it begins anew.
const (
	leastSplice = 128 << 10
	onePiece    = 256 << 10
)

// splice lets the kernel carry what is left of a long body of known length, where
// both sides are in the clear: splice(2), by net.TCPConn.ReadFrom. It returns
// false where that is not so.
func (x *exchange) splice(t *try) (done bool, why string) {
	from, ok := t.call.(*call1)
	if !ok || !from.long() {
		return false, ""
	}
	to, ok := x.client.(*client1)
	if !ok || to.chunked || to.bare {
		return false, ""
	}
	client, endpoint := inClear(to.connection.conn), inClear(from.conn)
	if client == nil || endpoint == nil {
		return false, ""
	}
	if to.flush() != nil {
		return true, whyClientGone
	}
	limit := x.engine.cfg.Limits.WriteTimeout
	for from.left > 0 {
		_ = client.SetWriteDeadline(time.Now().Add(limit))
		n, err := client.ReadFrom(io.LimitReader(endpoint, min(from.left, onePiece)))
		from.left -= n
		x.sent += n
		if err != nil || n == 0 {
			return true, x.whyBroken()
		}
	}
	from.ended = true
	_ = client.SetWriteDeadline(time.Time{})
	return true, ""
}

// long says whether what is left of the answer's body is to be spliced: much,
// and nothing of it here.
func (c *call1) long() bool {
	return c.response.Body == http1.Length && c.left >= leastSplice && c.in.Len() == 0
}
