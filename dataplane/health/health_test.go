package health

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func now() int64 { return time.Now().UnixNano() }

func TestEjectionsGrowAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes atomic.Int32 // timers count too
		m := NewMonitor(Config{Base: time.Second, Max: 4 * time.Second, Changed: func() { changes.Add(1) }})
		var tr Tracker
		for _, d := range []time.Duration{1, 2, 4, 4} {
			m.ConnectFailed(&tr, "e")
			m.ConnectFailed(&tr, "e") // was under way
			if !tr.Out(now()) || !cmp.Equal(m.Ejected(), []string{"e"}) {
				t.Fatal("not ejected")
			}
			time.Sleep(d*time.Second - 1)
			if !tr.Out(now()) {
				t.Fatalf("ejected for less than %d s", d)
			}
			time.Sleep(time.Nanosecond)
			if tr.Out(now()) || len(m.Ejected()) != 0 {
				t.Fatalf("ejected for more than %d s", d)
			}
		}
		time.Sleep(time.Minute)
		if n := changes.Load(); n != 8+4 {
			t.Errorf("%d changes", n)
		}
		m.Succeeded(&tr)
		m.ConnectFailed(&tr, "e")
		time.Sleep(time.Second)
		if tr.Out(now()) {
			t.Error("a success did not make the ejections short again")
		}
		time.Sleep(time.Second)
	})
}

func TestOneRequestTriesAnEndpointWhoseEjectionEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMonitor(Config{})
		var tr Tracker
		m.ConnectFailed(&tr, "e")
		time.Sleep(time.Second)
		if tr.Out(now()) {
			t.Fatal("still ejected")
		}
		m.Picked(&tr, now())
		if !tr.Out(now()) {
			t.Error("a second request would try it too")
		}
		m.ConnectFailed(&tr, "e")
		time.Sleep(time.Second - 1)
		if !tr.Out(now()) {
			t.Error("the second ejection is not longer than the first")
		}
		m.Succeeded(&tr)
		if tr.Out(now()) {
			t.Error("a success did not end the ejection")
		}
		time.Sleep(time.Second)
	})
}

func TestOnlySeveralBrokenConnectionsInARowEject(t *testing.T) {
	m := NewMonitor(Config{})
	var tr Tracker
	for _, good := range []bool{false, false, true, false, false} {
		if good {
			m.Succeeded(&tr)
		} else {
			m.Broke(&tr, "e")
		}
	}
	if tr.Out(now()) {
		t.Error("ejected too early")
	}
	if m.Broke(&tr, "e"); !tr.Out(now()) {
		t.Error("not ejected")
	}
	if m.Forget(&tr); tr.Out(now()) || len(m.Ejected()) != 0 {
		t.Error("not forgotten")
	}
}
