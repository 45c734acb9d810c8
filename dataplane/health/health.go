// Package health knows which Endpoints are to be passed over: those that fail
// requests, and those that fail the checks of a Route (package probe).
//
// A Tracker is what is known of one Endpoint, the Monitor knows all. An Endpoint
// is out while it is ejected, for what requests found out, or down, for what checks
// did; neither ends the other.
//
// # Ejections without a Rule
//
// One failed connect ejects at once: it costs a request a try and perhaps the
// time of a time-out. A connection that breaks before it gives an answer may be
// the request's fault, so only several in a row eject. An ejection lasts twice
// as long each time, up to a limit.
//
// # Ejections by a Rule
//
// Where a Route has a healthCheck its numbers are a Rule, and nothing else counts:
// MaxFails failures within FailTimeout eject for FailTimeout. A failure is a connect
// that failed, a connection that broke, or an answer with 502, 503 or 504.
//
// # The end of an ejection
//
// When its time is over, one request is let through, and the Endpoint stays ejected
// for the others until that one succeeds. By a Rule a success before that time
// proves nothing: an Endpoint may answer one request and fail the next.
package health

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Config says how long ejections last.
type Config struct {
	// Base is the first ejection's length; 0 means 500 ms.
	Base time.Duration
	// Max bounds an ejection; 0 means 30 s.
	Max time.Duration
	// Resets is the number of connections in a row that have to break before an
	// answer to eject; 0 means 3.
	Resets int
	// Changed is called when the set of Endpoints that are out changes or a connect
	// fails; nil is ignored. It must not block.
	Changed func()
}

// Monitor knows which Endpoints are out.
type Monitor struct {
	cfg Config

	mu  sync.Mutex // guards following, and what Trackers say that it guards
	out map[*Tracker]string
}

// NewMonitor returns a Monitor with nothing out.
func NewMonitor(cfg Config) *Monitor {
	cfg.Base = cmp.Or(cfg.Base, 500*time.Millisecond)
	cfg.Max = cmp.Or(cfg.Max, 30*time.Second)
	cfg.Resets = cmp.Or(cfg.Resets, 3)
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	return &Monitor{cfg: cfg, out: map[*Tracker]string{}}
}

// Picked has to be called when the Endpoint was picked. It lets one request try
// an Endpoint whose ejection has just ended: the next ejection begins at once,
// and only a success ends it early.
func (m *Monitor) Picked(t *Tracker, now int64) {
	until := t.until.Load()
	if until == 0 || now < until {
		return
	}
	d := m.length(t, t.ejections.Load()+1)
	if t.until.CompareAndSwap(until, now+int64(d)) {
		t.ejections.Add(1)
		time.AfterFunc(d+time.Millisecond, m.cfg.Changed)
	}
}

// length returns how long the n-th ejection lasts.
func (m *Monitor) length(t *Tracker, n int32) time.Duration {
	if t.Rule != nil {
		return t.Rule.FailTimeout
	}
	d := m.cfg.Base
	for ; n > 1 && d < m.cfg.Max; n-- {
		d *= 2
	}
	return min(d, m.cfg.Max)
}

// ConnectFailed says that no connection to the Endpoint could be made. id names
// it in Ejected.
func (m *Monitor) ConnectFailed(t *Tracker, id string) {
	m.mu.Lock()
	if t.Rule == nil || t.fails(time.Now()) {
		m.eject(t, id)
	}
	m.mu.Unlock()
	m.cfg.Changed()
}

// Broke says that a connection broke before it gave an answer.
func (m *Monitor) Broke(t *Tracker, id string) {
	if t.Rule != nil {
		m.failed(t, id)
		return
	}
	if int(t.resets.Add(1)) < m.cfg.Resets {
		return
	}
	m.mu.Lock()
	m.eject(t, id)
	m.mu.Unlock()
	m.cfg.Changed()
}

// failed counts a failure by the Rule.
func (m *Monitor) failed(t *Tracker, id string) {
	m.mu.Lock()
	enough := t.fails(time.Now())
	if enough {
		m.eject(t, id)
	}
	m.mu.Unlock()
	if enough {
		m.cfg.Changed()
	}
}

// eject begins the next ejection. What fails while it lasts adds nothing: many
// requests may have been under way. The mutex is held.
func (m *Monitor) eject(t *Tracker, id string) {
	now := time.Now()
	t.resets.Store(0)
	if t.forgotten || t.ejected(now.UnixNano()) {
		return
	}
	d := m.length(t, t.ejections.Add(1))
	end := now.Add(d).UnixNano()
	t.served.Store(end)
	t.until.Store(end)
	m.out[t] = id
	time.AfterFunc(d+time.Millisecond, m.cfg.Changed)
}

// Answered says that the Endpoint answered, and with what status.
func (m *Monitor) Answered(t *Tracker, id string, status int) {
	if t.Rule != nil && status >= 502 && status <= 504 {
		m.failed(t, id)
		return
	}
	m.Succeeded(t)
}

// Succeeded says that the Endpoint did what was asked of it.
func (m *Monitor) Succeeded(t *Tracker) {
	if t.resets.Load() != 0 {
		t.resets.Store(0)
	}
	if t.until.Load() == 0 || t.Rule != nil && time.Now().UnixNano() < t.served.Load() {
		return
	}
	m.mu.Lock()
	t.absolve()
	if !t.down.Load() {
		delete(m.out, t)
	}
	m.mu.Unlock()
	m.cfg.Changed()
}

// Check says that checks found the Endpoint to be well, or to be down.
func (m *Monitor) Check(t *Tracker, id string, well bool) {
	if t.down.Load() == !well {
		return
	}
	m.mu.Lock()
	t.down.Store(!well && !t.forgotten)
	switch {
	case t.forgotten:
	case !well:
		m.out[t] = id
	case t.until.Load() == 0:
		delete(m.out, t)
	}
	m.mu.Unlock()
	m.cfg.Changed()
}

// Forget ends what is known of an Endpoint, for good: what its last requests and
// checks find out adds nothing.
func (m *Monitor) Forget(t *Tracker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.forgotten = true
	t.absolve()
	t.down.Store(false)
	delete(m.out, t)
}

// Ejected returns the names of all that are out now, sorted, each once.
func (m *Monitor) Ejected() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now().UnixNano()
	var ids []string
	for t, id := range m.out {
		if t.Out(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
