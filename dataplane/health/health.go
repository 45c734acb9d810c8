// Package health ejects Endpoints that fail, by what requests find out about
// them; nothing is probed.
//
// One failed connect ejects at once: it costs a request a try and perhaps the
// time of a time-out. A connection that breaks before it gives an answer may be
// the request's fault, so only several in a row eject. An ejection lasts twice
// as long each time, up to a limit. When it ends, one request is let through,
// and the Endpoint stays ejected for the others until that one succeeds.
package health

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
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
	// Changed is called when the set of ejected Endpoints changes or a connect
	// fails; nil is ignored. It must not block.
	Changed func()
}

// Monitor ejects Endpoints and knows which are.
type Monitor struct {
	cfg Config

	mu      sync.Mutex // guards following
	ejected map[*Tracker]string
}

// NewMonitor returns a Monitor with nothing ejected.
func NewMonitor(cfg Config) *Monitor {
	cfg.Base = cmp.Or(cfg.Base, 500*time.Millisecond)
	cfg.Max = cmp.Or(cfg.Max, 30*time.Second)
	cfg.Resets = cmp.Or(cfg.Resets, 3)
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	return &Monitor{cfg: cfg, ejected: map[*Tracker]string{}}
}

// Tracker is what is known of one Endpoint. Its zero value is good.
type Tracker struct {
	// until is when the ejection ends, in nanoseconds of Unix time; 0 is none.
	until     atomic.Int64
	ejections atomic.Int32
	resets    atomic.Int32
}

// Ejected says whether the Endpoint is to be passed over at now, in nanoseconds
// of Unix time.
func (t *Tracker) Ejected(now int64) bool {
	until := t.until.Load()
	return until != 0 && now < until
}

// Suspect says whether the Endpoint is ejected or was until now: only then is
// there a need to ask Ejected, or to tell Picked.
func (t *Tracker) Suspect() bool { return t.until.Load() != 0 }

// Picked has to be called when the Endpoint was picked. It lets one request try
// an Endpoint whose ejection has just ended: the next ejection begins at once,
// and only a success ends it early.
func (m *Monitor) Picked(t *Tracker, now int64) {
	until := t.until.Load()
	if until == 0 || now < until {
		return
	}
	d := m.length(t.ejections.Load() + 1)
	if t.until.CompareAndSwap(until, now+int64(d)) {
		t.ejections.Add(1)
		time.AfterFunc(d+time.Millisecond, m.cfg.Changed)
	}
}

// length returns how long the n-th ejection lasts.
func (m *Monitor) length(n int32) time.Duration {
	d := m.cfg.Base
	for ; n > 1 && d < m.cfg.Max; n-- {
		d *= 2
	}
	return min(d, m.cfg.Max)
}

// ConnectFailed says that no connection to the Endpoint could be made. id names
// it in Ejected.
func (m *Monitor) ConnectFailed(t *Tracker, id string) {
	m.eject(t, id)
	m.cfg.Changed()
}

// Broke says that a connection broke before it gave an answer.
func (m *Monitor) Broke(t *Tracker, id string) {
	if int(t.resets.Add(1)) >= m.cfg.Resets {
		m.eject(t, id)
		m.cfg.Changed()
	}
}

// eject begins the next ejection. What fails while it lasts adds nothing: many
// requests may have been under way.
func (m *Monitor) eject(t *Tracker, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	t.resets.Store(0)
	if t.Ejected(now.UnixNano()) {
		return
	}
	d := m.length(t.ejections.Add(1))
	t.until.Store(now.Add(d).UnixNano())
	m.ejected[t] = id
	time.AfterFunc(d+time.Millisecond, m.cfg.Changed)
}

// Succeeded says that the Endpoint answered, whatever it answered.
func (m *Monitor) Succeeded(t *Tracker) {
	if t.resets.Load() != 0 {
		t.resets.Store(0)
	}
	if t.until.Load() == 0 {
		return
	}
	m.Forget(t)
	m.cfg.Changed()
}

// Forget clears what is known of an Endpoint.
func (m *Monitor) Forget(t *Tracker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.until.Store(0)
	t.ejections.Store(0)
	delete(m.ejected, t)
}

// Ejected returns the names of all that are ejected now, sorted, each once.
func (m *Monitor) Ejected() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now().UnixNano()
	var ids []string
	for t, id := range m.ejected {
		if t.Ejected(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
