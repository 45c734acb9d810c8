package proxy

import (
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/routing"
)

// mostMirrored bounds the copies that a Backend has not answered: one more is
// dropped. mirrorTime bounds each.
const (
	mostMirrored = 64
	mirrorTime   = 10 * time.Second
)

// What becomes of a copy, as Config.Mirrored is told.
const (
	mirrorSent = "sent"
	// mirrorFailed: no Endpoint of the Backend answered.
	mirrorFailed = "failed"
	// mirrorDropped: the Backend has too many that it has not answered.
	mirrorDropped = "dropped"
	// mirrorTooLarge: the body is longer than what is kept of one.
	mirrorTooLarge = "too_large"
	// mirrorIncomplete: the answer came, or the client went, before the body was
	// whole.
	mirrorIncomplete = "incomplete"
)

// copies are those of a request.
type copies struct {
	// of are the Backends that are to get one.
	of []*live.Backend
	// wait: they have to wait for the end of the body.
	wait atomic.Bool
}

// chooseMirrors chooses who gets a copy.
func (x *exchange) chooseMirrors(mirrors []snapshot.Mirror) {
	for i := range mirrors {
		b := x.world.Backend(mirrors[i].Backend)
		if b != nil && rand.IntN(100) < mirrors[i].Percent {
			x.copies.of = append(x.copies.of, b)
		}
	}
}

// mirror sends the copies of the request in x.out if its body is there, and else
// lets them wait.
func (x *exchange) mirror(body []byte, whole bool) {
	limit := x.engine.cfg.MaxReplay
	switch {
	case x.out.Fields.Has("Upgrade"): // what follows could not be copied
	case len(body) > limit || x.out.Length > int64(limit):
		x.dropCopies(mirrorTooLarge)
	case whole:
		x.sendCopies(body)
	default:
		x.copies.wait.Store(true)
	}
}

// mirrorWhole sends the copies that wait for the body, which has ended now.
// Whoever reads the body calls it.
func (x *exchange) mirrorWhole() {
	if !x.copies.wait.Swap(false) {
		return
	}
	if body, ok := x.body.all(); ok {
		x.sendCopies(body)
		return
	}
	x.dropCopies(mirrorTooLarge)
}

// endMirror counts the copies that nothing came of. Nobody reads the body any
// more.
func (x *exchange) endMirror() {
	if !x.copies.wait.Swap(false) {
		return
	}
	if x.body.whole() {
		x.dropCopies(mirrorIncomplete)
		return
	}
	x.dropCopies(mirrorTooLarge)
}

func (x *exchange) dropCopies(why string) {
	for range x.copies.of {
		x.engine.cfg.Mirrored(why)
	}
}

// sendCopies sends the request with its body. Neither is kept.
func (x *exchange) sendCopies(body []byte) {
	for _, b := range x.copies.of {
		if !b.Mirrored.Take(mostMirrored) {
			x.engine.cfg.Mirrored(mirrorDropped)
			continue
		}
		m := &mirrored{backend: b, client: nobody{body: append([]byte(nil), body...)}}
		m.x.out = copyOf(&x.out, int64(len(body)))
		x.engine.watched.add(m)
		go m.serve(x.engine)
	}
}

// copyOf returns r without what is said to the next neighbour, and with strings of
// its own.
func copyOf(r *message.Request, length int64) message.Request {
	c := *r
	c.Method, c.Host, c.Path, c.Query = strings.Clone(r.Method), strings.Clone(r.Host), strings.Clone(r.Path), strings.Clone(r.Query)
	c.Length, c.ExpectContinue, c.Fields = length, false, make(message.Fields, 0, len(r.Fields))
	for i := range r.Fields {
		if f := &r.Fields[i]; !hopByHop(f.Name) && !f.Is("Expect") {
			c.Fields = append(c.Fields, message.Field{Name: strings.Clone(f.Name), Value: strings.Clone(f.Value)})
		}
	}
	return c
}

// mirrored is a copy of a request: an exchange that nobody waits for.
type mirrored struct {
	x            exchange
	interruption interruption
	backend      *live.Backend
	client       nobody
	peer         peer
}

// ofMirror is the Rule of all copies.
var ofMirror = &routing.Rule{Route: &snapshot.Route{}, Spec: &snapshot.Rule{Request: mirrorTime}}

func (m *mirrored) serve(e *Engine) {
	defer e.watched.remove(m)
	defer m.backend.Mirrored.Give()
	x := &m.x
	x.engine, x.client, x.peer, x.interruption = e, &m.client, &m.peer, &m.interruption
	x.in, x.result.Rule, x.began = x.out, ofMirror, time.Now()
	x.body.begin(x.client, 0)
	x.record.Backend = m.backend.Name()
	x.deliver(m.backend)
	if x.timer != nil {
		x.timer.Stop()
	}
	m.interruption.end()
	if x.record.Error == "" {
		e.cfg.Mirrored(mirrorSent)
		return
	}
	e.cfg.Mirrored(mirrorFailed)
	e.cfg.Log.Debug("a mirror got no copy", "backend", m.backend.Name(), "error", x.record.Error)
}

func (m *mirrored) look(time.Time) {}
func (m *mirrored) drain()         { m.interruption.interrupt(gone) }
func (m *mirrored) cut()           { m.interruption.interrupt(gone) }

// nobody is the client of a copy. It has the body, and ignores the answer.
type nobody struct{ body []byte }

func (n *nobody) Read([]byte) (int, error)            { return 0, io.EOF }
func (n *nobody) trailers() message.Fields            { return nil }
func (n *nobody) present() ([]byte, bool)             { return n.body, true }
func (n *nobody) interim(*message.Response) error     { return nil }
func (n *nobody) head(*message.Response) error        { return nil }
func (n *nobody) write([]byte) error                  { return nil }
func (n *nobody) flush() error                        { return nil }
func (n *nobody) finish([]byte, message.Fields) error { return nil }
func (n *nobody) stopBody()                           {}
func (n *nobody) abort()                              {}
