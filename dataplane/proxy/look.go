package proxy

import (
	"time"
)

// look interrupts what takes too long. It runs beside everything else.
func (n *connection) look(now time.Time) {
	limits := &n.engine.cfg.Limits
	since := n.since.Load()
	took := now.Sub(time.Unix(0, since))
	switch phase(n.phase.Load()) {
	case idle:
		if took > limits.IdleTimeout || took > watchPeriod && n.ended(since) {
			n.conn.InterruptRead()
		}
	case head:
		if took > limits.HeaderTimeout {
			n.conn.InterruptRead()
		}
	case exchanging:
		n.client.look(now)
		if took > watchPeriod && n.conn.Gone() {
			n.interruption.interrupt(gone)
		}
	}
	if since := n.conn.BlockedSince(); since != 0 && now.Sub(time.Unix(0, since)) > limits.WriteTimeout {
		n.engine.cfg.Refused("write_timeout")
		n.conn.Interrupt()
	}
}

// ended says, once in an idle time, whether the client has ended the connection:
// an end that came together with a request is not noticed by who reads.
func (n *connection) ended(since int64) bool {
	if n.looked == since {
		return false
	}
	n.looked = since
	return n.conn.Gone()
}

// drain lets the request under way be the last.
func (n *connection) drain() {
	n.closing.Store(true)
	if phase(n.phase.Load()) == idle {
		n.conn.InterruptRead()
	}
}

// cut ends the connection, whatever is under way.
func (n *connection) cut() {
	n.closing.Store(true)
	n.interruption.interrupt(gone)
	n.conn.Interrupt()
	n.conn.Socket.Close()
}
