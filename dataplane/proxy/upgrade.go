package proxy

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/wire"
)

// afterEnd is how long a client may go on sending to an Endpoint that has ended.
const afterEnd = time.Minute

// upgrade hands 101 to the client, and then carries bytes both ways until both
// sides have ended. timeouts do not count from here on.
func (x *exchange) upgrade(t *try) {
	client, of1 := x.client.(*client1)
	endpoint, to1 := t.call.(*call1)
	want := upgradeOf(x.in.Fields)
	if !of1 || !to1 || want == "" || !message.EqualFold(want, upgradeOf(x.answer.Fields)) {
		x.reply(http.StatusBadGateway, "the endpoint changed to a protocol that was not asked for")
		x.endTry(t, false)
		return
	}
	x.stopTimers(t)
	x.record.Status = x.answer.Status
	protocol := upgradeOf(x.answer.Fields)
	cleanAnswer(&x.answer)
	x.answer.Fields.Set("Connection", "Upgrade")
	x.answer.Fields.Set("Upgrade", protocol)
	x.credit(t)
	x.modifyAnswer()
	x.harden()
	x.remember(t)
	if client.interim(&x.answer) != nil {
		x.abort(whyClientGone)
		x.endTry(t, false)
		return
	}
	x.tunnel(t, client, endpoint)
	x.endTry(t, false)
}

func (x *exchange) stopTimers(t *try) {
	if x.timer != nil {
		x.timer.Stop()
	}
	if t.timer != nil {
		t.timer.Stop()
	}
}

// tunnel carries bytes both ways. What both sides have sent already stands in
// their buffers. The record outlives the request's head, whose memory is not
// held for as long as this may take.
func (x *exchange) tunnel(t *try, c *client1, e *call1) {
	n := c.connection
	n.phase.Store(int32(tunnelling))
	c.broken = true // for HTTP, this is the connection's end
	r := &x.record
	r.Method, r.Host, r.Path, r.RequestID = strings.Clone(r.Method), strings.Clone(r.Host), strings.Clone(r.Path), strings.Clone(r.RequestID)
	first := append([]byte(nil), n.in.Bytes()...)
	n.in.Release()
	c.putOut()

	sent := make(chan int64, 1)
	go func() {
		k, err := e.conn.Write(first)
		in := int64(k)
		if err == nil {
			var more int64
			more, err = carryRaw(e.conn, n.conn)
			in += more
		}
		if err == nil {
			err = e.conn.CloseWrite()
		}
		if err != nil {
			e.conn.Socket.Close()
			n.conn.Socket.Close()
		}
		sent <- in
	}()
	x.sent = x.answerRaw(n.conn, e)
	x.body.n.Add(<-sent)
}

// answerRaw carries what the Endpoint sends.
func (x *exchange) answerRaw(to *wire.Conn, e *call1) int64 {
	k, err := to.Write(e.in.Bytes())
	out := int64(k)
	e.in.Release()
	if err == nil {
		var more int64
		more, err = carryRaw(to, e.conn)
		out += more
	}
	if err != nil || to.CloseWrite() != nil {
		to.Socket.Close()
		e.conn.Socket.Close()
		return out
	}
	_ = to.SetReadDeadline(time.Now().Add(afterEnd))
	return out
}

func closeWrite(s *wire.Socket) error {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return s.Close()
}

// carryRaw copies until from ends. Between two TCP connections in the clear the
// kernel does it.
func carryRaw(to io.Writer, from io.Reader) (int64, error) {
	if dst, src := inClear(to), inClear(from); dst != nil && src != nil {
		return dst.ReadFrom(src)
	}
	buf := wire.GetLarge()
	defer wire.PutLarge(buf)
	var done int64
	for {
		n, err := from.Read(buf[:])
		if n > 0 {
			k, werr := to.Write(buf[:n])
			if done += int64(k); werr != nil {
				return done, werr
			}
		}
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}

// inClear returns the TCP connection of one that has no TLS, or nil.
func inClear(c any) *net.TCPConn {
	switch c := c.(type) {
	case *wire.Socket:
		return c.TCP()
	case *wire.Conn:
		if c.TLS == nil {
			return c.TCP()
		}
	}
	return nil
}
