package proxy

import (
	"testing"
	"time"

	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
)

// fakeCall notes what becomes of it.
type fakeCall struct{ interrupted, kept bool }

func (f *fakeCall) interrupt()                                { f.interrupted = true }
func (f *fakeCall) send(*message.Request, []byte, bool) error { return nil }
func (f *fakeCall) writeBody([]byte) error                    { return nil }
func (f *fakeCall) endBody(message.Fields) error              { return nil }
func (f *fakeCall) readHead(*message.Response) error          { return nil }
func (f *fakeCall) next() ([]byte, bool, error)               { return nil, true, nil }
func (f *fakeCall) waits() bool                               { return false }
func (f *fakeCall) trailers() message.Fields                  { return nil }
func (f *fakeCall) answered() bool                            { return true }
func (f *fakeCall) reused() bool                              { return true }
func (f *fakeCall) address() string                           { return "" }
func (f *fakeCall) close(keep bool, _ time.Time)              { f.kept = keep }

func TestAnInterruptReachesNoConnectionThatWasGivenBack(t *testing.T) {
	for _, early := range []bool{false, true} {
		x := &exchange{interruption: &interruption{}}
		x.interruption.begin()
		c := &fakeCall{}
		x.waitFor(c)
		if early {
			x.interrupt(gone)
		}
		e := &live.Endpoint{}
		e.Begin()
		x.endTry(&try{endpoint: e, call: c}, true)
		if !early {
			x.interrupt(gone)
		}
		if c.interrupted != early || c.kept == early {
			t.Errorf("interrupted before: %v; the connection was interrupted: %v, and kept: %v", early, c.interrupted, c.kept)
		}
	}
}
