package health

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ruled(maxFails int, failTimeout time.Duration) (*Monitor, *Tracker) {
	return NewMonitor(Config{}), &Tracker{Rule: &Rule{MaxFails: maxFails, FailTimeout: failTimeout}}
}

func TestOnlyAsManyFailuresAsTheRuleSaysWithinItsTimeEject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, tr := ruled(3, 10*time.Second)
		fail := []func(){
			func() { m.ConnectFailed(tr, "e") },
			func() { m.Broke(tr, "e") },
			func() { m.Answered(tr, "e", 503) },
		}
		// Never three within ten seconds, whatever succeeds between.
		for i := range 9 {
			fail[i%3]()
			m.Answered(tr, "e", 200)
			m.Answered(tr, "e", 500)
			time.Sleep(5001 * time.Millisecond)
		}
		if tr.Suspect() {
			t.Fatal("ejected for less than the rule says")
		}
		time.Sleep(10 * time.Second)
		for i, f := range fail {
			f()
			if tr.Out(now()) != (i == 2) {
				t.Fatalf("after %d failures: %v", i+1, tr.Out(now()))
			}
			time.Sleep(time.Second)
		}
		time.Sleep(30 * time.Second)
	})
}

func TestAnEjectionByARuleLastsItsTimeWhateverSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, tr := ruled(1, 10*time.Second)
		for range 3 { // no longer the second time
			m.ConnectFailed(tr, "e")
			m.Succeeded(tr) // was under way
			time.Sleep(10*time.Second - 1)
			m.Succeeded(tr)
			if !tr.Out(now()) || !cmp.Equal(m.Ejected(), []string{"e"}) {
				t.Fatal("out for less than failTimeout")
			}
			time.Sleep(time.Nanosecond)
			if tr.Out(now()) {
				t.Fatal("out for more than failTimeout")
			}
			m.Picked(tr, now())
			if !tr.Out(now()) {
				t.Fatal("more than one request tries it")
			}
		}
		m.Succeeded(tr)
		if tr.Suspect() || m.Ejected() != nil {
			t.Error("the success of the one that tried it did not end the ejection")
		}
		time.Sleep(time.Minute)
	})
}

func TestNoFailuresTakeAnEndpointOutWhereTheRuleSaysNever(t *testing.T) {
	m, tr := ruled(0, time.Hour)
	for range 100 {
		m.ConnectFailed(tr, "e")
		m.Broke(tr, "e")
		m.Answered(tr, "e", 502)
	}
	if tr.Suspect() {
		t.Error("ejected")
	}
}

func TestWithoutARuleAnswersDoNotEject(t *testing.T) {
	m, tr := NewMonitor(Config{}), &Tracker{}
	for range 100 {
		m.Answered(tr, "e", 503)
	}
	if tr.Suspect() {
		t.Error("ejected")
	}
}

func TestChecksAndRequestsTakeOutAndPutBackEachForItself(t *testing.T) {
	m, tr := NewMonitor(Config{}), &Tracker{}
	m.Check(tr, "e", false)
	m.ConnectFailed(tr, "e")
	m.Succeeded(tr)
	if !tr.Out(now()) || !cmp.Equal(m.Ejected(), []string{"e"}) {
		t.Error("a request put back what checks took out")
	}
	m.ConnectFailed(tr, "e")
	m.Check(tr, "e", true)
	if !tr.Out(now()) || !cmp.Equal(m.Ejected(), []string{"e"}) {
		t.Error("a check put back what a request took out")
	}
	m.Succeeded(tr)
	if tr.Suspect() || m.Ejected() != nil {
		t.Error("still out")
	}
}

func TestWhatIsForgottenStaysForgotten(t *testing.T) {
	m, tr := NewMonitor(Config{}), &Tracker{}
	m.Forget(tr)
	m.ConnectFailed(tr, "e")
	m.Check(tr, "e", false)
	if tr.Suspect() || len(m.out) != 0 {
		t.Error("the last words on a retired Endpoint are kept for ever")
	}
}
