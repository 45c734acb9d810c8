package live

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/metrics"
	"fairlead.dev/fairlead/dataplane/routing"
)

// shares are the Backends of one Rule. Of one Backend there is nothing to choose.
type shares struct {
	only     *Backend
	weighted *weighted
	counts   Counts
	// at is where only stands in the Rule's list; -1 where nothing has a weight.
	at int32
}

// Counts are where whoever counts the requests of a Rule keeps what it counts
// them in. It is nil in a new World.
type Counts = atomic.Pointer[metrics.Route]

// chunkRules is how many shares stand in one piece of memory. A World shares with
// the last one the pieces in which nothing changed.
const chunkRules = 256

// Counts returns those of a Rule.
func (w *World) Counts(r *routing.Rule) *Counts { return &w.sharesOf(r).counts }

func (w *World) sharesOf(r *routing.Rule) *shares {
	return &w.rules[r.Index/chunkRules][r.Index%chunkRules]
}

type weighted struct {
	ids      []string
	weights  []int
	backends []*Backend
	hashes   []balance.Key // of the Backends' names
	choice   *balance.Weighted
}

// Next chooses whom the next request of a Rule goes to; requests with one Key go
// to one Backend. It returns the place in the Rule's Backends, -1 if none has a
// weight, and the Backend, nil if the reference does not resolve.
func (w *World) Next(r *routing.Rule, key balance.Key) (int, *Backend) {
	s := w.sharesOf(r)
	if s.weighted == nil {
		return int(s.at), s.only
	}
	i := s.weighted.next(key)
	if i < 0 {
		return -1, nil
	}
	return i, s.weighted.backends[i]
}

// Named returns the Backend of a Rule whose name has a hash, with its place, or -1.
func (w *World) Named(r *routing.Rule, name balance.Key) (int, *Backend) {
	for i := range r.Spec.Backends {
		if b := w.backends[r.Spec.Backends[i].Backend]; b != nil && balance.KeyOf(b.Name()) == name {
			return i, b
		}
	}
	return -1, nil
}

func (w *weighted) next(key balance.Key) int {
	if key != 0 {
		return balance.Share(key, w.weights, w.hashes)
	}
	return w.choice.Next()
}

// connectAll fills in the shares of all Rules.
func (w *World) connectAll(last *World, c *Change) error {
	w.rules = make([][]shares, chunksOf(w.Table))
	for i := range w.rules {
		w.rules[i] = make([]shares, chunkRules)
	}
	w.weighted = map[string]*weighted{}
	for r := range w.Table.Rules {
		if err := w.share(w.sharesOf(r), last, r, c); err != nil {
			return err
		}
	}
	return nil
}

// connect fills in the shares of the Rules that came, where all others are as
// they were in the last World.
func (w *World) connect(last *World, d routing.Difference, c *Change) error {
	w.rules = slices.Grow(slices.Clone(last.rules), chunksOf(w.Table))[:chunksOf(w.Table)]
	if w.weighted = maps.Clone(last.weighted); w.weighted == nil {
		w.weighted = map[string]*weighted{}
	}
	for r := range d.Gone {
		delete(w.weighted, choiceOf(r))
	}
	own := make([]bool, len(w.rules))
	for r := range d.Came {
		if i := int(r.Index / chunkRules); !own[i] {
			own[i] = true
			w.rules[i] = copyOf(w.rules[i])
		}
		if err := w.share(w.sharesOf(r), last, r, c); err != nil {
			return err
		}
	}
	return nil
}

func chunksOf(t *routing.Table) int { return (t.Size() + chunkRules - 1) / chunkRules }

func copyOf(chunk []shares) []shares {
	own := make([]shares, chunkRules)
	for i := range chunk {
		s := &chunk[i]
		own[i].only, own[i].weighted, own[i].at = s.only, s.weighted, s.at
		own[i].counts.Store(s.counts.Load())
	}
	return own
}

// choiceOf names the choice of a Rule, which outlasts a change of its Route.
func choiceOf(r *routing.Rule) string { return r.Key + " " + r.Name }

// share fills in s, the shares of r.
func (w *World) share(s *shares, last *World, r *routing.Rule, c *Change) error {
	refs := r.Spec.Backends
	for i := range refs {
		if id := refs[i].Backend; id != "" && w.backends[id] == nil {
			return fmt.Errorf("route %s rule %s: backend %s is not in the snapshot", r.Key, r.Name, id)
		}
	}
	*s = shares{}
	switch {
	case len(refs) == 0 || len(refs) == 1 && refs[0].Weight <= 0:
		s.at = -1
	case len(refs) == 1:
		s.only = w.backends[refs[0].Backend]
	default:
		key := choiceOf(r)
		w.weighted[key] = w.weigh(last.weighted[key], refs, c)
		s.weighted = w.weighted[key]
	}
	return nil
}

// weigh makes the choice of a Rule, or goes on with the last one's, so that
// publishes in quick succession do not favour the first share.
func (w *World) weigh(last *weighted, refs []snapshot.BackendRef, c *Change) *weighted {
	n := &weighted{}
	for i := range refs {
		n.ids = append(n.ids, refs[i].Backend)
		n.weights = append(n.weights, refs[i].Weight)
		b := w.backends[refs[i].Backend]
		n.backends = append(n.backends, b)
		n.hashes = append(n.hashes, c.hashOf(b, i))
	}
	if last != nil && slices.Equal(last.ids, n.ids) && slices.Equal(last.weights, n.weights) {
		n.choice = last.choice
	} else {
		n.choice = balance.NewWeighted(n.weights)
	}
	return n
}

// hashOf is what a share's Keys go by. A reference that does not resolve has no
// name, and goes by its place.
func (c *Change) hashOf(b *Backend, place int) balance.Key {
	if b == nil {
		return balance.KeyOf(strconv.Itoa(place))
	}
	if name, ok := c.renamed[b]; ok {
		return balance.KeyOf(name)
	}
	return balance.KeyOf(b.Name())
}
