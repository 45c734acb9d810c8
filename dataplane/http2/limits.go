package http2

import "time"

// What a client may do in vain, per tick (each halves what was counted). All of
// it is cheap for who sends it and costs work here: CVE-2019-9512 to 9518,
// CVE-2023-44487 (rapid reset), CVE-2024-27316 (CONTINUATION), CVE-2025-8671
// (streams that we are made to reset).
const (
	maxResets    = 100
	maxRefusals  = 1000
	maxPings     = 1000
	maxSettings  = 200
	maxEmpty     = 1000
	maxStray     = 5000
	maxContinued = 32
)

// limits counts.
type limits struct {
	// resets are streams that the client reset before they were answered, or made
	// us reset; answered are those that ended well.
	resets, answered                        int
	refusals, pings, settings, empty, stray int
}

// decay forgets half.
func (m *limits) decay() {
	for _, n := range []*int{&m.resets, &m.answered, &m.refusals, &m.pings, &m.settings, &m.empty, &m.stray} {
		*n /= 2
	}
}

// over counts one and says whether it is one too many.
func over(n *int, limit int) bool {
	*n++
	return *n > limit
}

func (l *link) refuse(reason string) {
	if l.refused != nil {
		l.refused(reason)
	}
}

// count counts what is limited; the error ends the connection. The mutex is held.
func (l *link) count(n *int, limit int, reason string) error {
	if over(n, limit) && !l.lenient {
		l.refuse(reason)
		return errCalm
	}
	return nil
}

// countReset counts a stream that ended in vain.
func (l *link) countReset(reason string) error {
	return l.count(&l.limits.resets, maxResets+2*l.limits.answered, reason)
}

func now() int64 { return time.Now().UnixNano() }

// since says whether t, if it is one, lies as long back.
func since(t int64, d time.Duration) bool { return t != 0 && now()-t > int64(d) }
