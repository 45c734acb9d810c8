package health

import (
	"sync/atomic"
	"time"
)

// Rule is a Route's word on failures.
type Rule struct {
	// MaxFails failures within FailTimeout eject for FailTimeout; 0 is never.
	MaxFails    int
	FailTimeout time.Duration
}

// Tracker is what is known of one Endpoint. Its zero value is good.
type Tracker struct {
	// Rule is set before the Tracker is used, or nil.
	Rule *Rule

	// until is when the ejection ends, in nanoseconds of Unix time; 0 is none.
	until atomic.Int64
	// down: checks have failed.
	down      atomic.Bool
	ejections atomic.Int32
	resets    atomic.Int32
	// served is when an ejection by a Rule is long enough for a success to end it.
	served atomic.Int64
	// failures are the times of those within the Rule's FailTimeout, oldest first;
	// the Monitor's mutex guards them.
	failures []int64
	// forgotten: nothing is to be known any more; the mutex guards it, too.
	forgotten bool
}

// Out says whether the Endpoint is to be passed over at now, in nanoseconds of Unix
// time.
func (t *Tracker) Out(now int64) bool { return t.down.Load() || t.ejected(now) }

func (t *Tracker) ejected(now int64) bool {
	until := t.until.Load()
	return until != 0 && now < until
}

// Suspect says whether the Endpoint is out or was ejected until now: only then is
// there a need to ask Out, or to tell Picked.
func (t *Tracker) Suspect() bool { return t.until.Load() != 0 || t.down.Load() }

// fails counts a failure, and says whether there are enough of them within the
// Rule's time. What fails while the Endpoint is ejected, such as the one request that
// tries it, makes sure that it stays so for the whole of that time.
func (t *Tracker) fails(now time.Time) bool {
	if t.Rule.MaxFails == 0 {
		return false
	}
	if t.ejected(now.UnixNano()) {
		t.served.Store(t.until.Load())
		return false
	}
	old, since := 0, now.Add(-t.Rule.FailTimeout).UnixNano()
	for old < len(t.failures) && t.failures[old] <= since {
		old++
	}
	t.failures = append(t.failures[old:], now.UnixNano())
	if len(t.failures) < t.Rule.MaxFails {
		return false
	}
	t.failures = nil
	return true
}

// absolve ends what requests have found out.
func (t *Tracker) absolve() {
	t.until.Store(0)
	t.ejections.Store(0)
	t.failures = nil
}
