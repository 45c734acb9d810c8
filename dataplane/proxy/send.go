package proxy

import (
	"io"
	"sync"
	"sync/atomic"

	"fairlead.dev/fairlead/dataplane/wire"
)

// pump carries the request's body to one call.
type pump struct {
	view view
	call call
	done chan struct{}
	// sent: the whole body was sent. It is set before done is closed.
	sent bool
}

// pumps are the pumps of an exchange that have not ended.
type pumps struct {
	running sync.WaitGroup
	n       atomic.Int32
}

// startPump sends the body to c beside the wait for its answer.
func (x *exchange) startPump(c call) *pump {
	p := &pump{call: c, done: make(chan struct{})}
	p.view.body = &x.body
	x.pumps.n.Add(1)
	x.pumps.running.Go(func() {
		x.pump(p)
		close(p.done)
		x.pumps.n.Add(-1)
	})
	return p
}

func (x *exchange) pump(p *pump) {
	buf := wire.GetLarge()
	defer wire.PutLarge(buf)
	for {
		n, err := p.view.Read(buf[:])
		if n > 0 && p.call.writeBody(buf[:n]) != nil {
			return // whoever reads the answer learns why
		}
		switch err {
		case nil:
		case io.EOF:
			p.sent = p.call.endBody(withoutCertificate(x.client.trailers())) == nil
			x.mirrorWhole()
			return
		case errClosed, errLost:
			return
		default:
			x.interrupt(gone)
			return
		}
	}
}

// stop ends a pump that nobody needs any more, without waiting for it.
func (p *pump) stop() {
	if p != nil {
		p.view.closed.Store(true)
	}
}

// finished says whether the whole body was sent.
func (p *pump) finished() bool {
	if p == nil {
		return true
	}
	select {
	case <-p.done:
		return p.sent
	default:
		return false
	}
}

// endPumps waits until nobody reads from the client.
func (x *exchange) endPumps() {
	if x.pumps.n.Load() > 0 {
		x.client.stopBody()
	}
	x.pumps.running.Wait()
}
