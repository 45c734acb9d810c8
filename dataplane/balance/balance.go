// Package balance chooses. A Weighted chooses among the Backends of a Rule, a
// Picker among the Endpoints of a Backend. Neither knows what it chooses
// between, and both are safe for use by several goroutines.
package balance

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Policy says how a Picker chooses. The zero value is RoundRobin.
type Policy string

// The Policies, as a Snapshot names them.
const (
	RoundRobin   Policy = "RoundRobin"
	LeastRequest Policy = "LeastRequest"
	Random       Policy = "Random"
	// ConsistentHash picks the same candidate for the same Key, and goes round robin
	// where there is no Key.
	ConsistentHash Policy = "ConsistentHash"
)

// Choice is how to pick: by a Policy, and by a Key where that is ConsistentHash.
type Choice struct {
	Policy Policy
	Key    Key
}

// State says whether a candidate may be picked.
type State uint8

// The States.
const (
	// Usable candidates are picked.
	Usable State = iota
	// Ejected candidates are picked only where no candidate is Usable: trying a
	// suspect is better than refusing for sure.
	Ejected
	// Excluded candidates are never picked.
	Excluded
)

// Candidates are what is chosen from. They may change between two calls.
type Candidates interface {
	Len() int
	State(i int) State
	// InFlight is the number of requests that i has not answered yet.
	InFlight(i int) int64
	Identity(i int) Identity
}

// Picker chooses one of some Candidates. Its zero value is ready.
type Picker struct{ turn atomic.Uint64 }

// Pick returns the index of a candidate, or -1 if all are Excluded.
func Pick[C Candidates](p *Picker, how Choice, c C) int {
	for _, allowed := range []State{Usable, Ejected} {
		if how.Policy == ConsistentHash && how.Key != 0 {
			if i := highest(c, allowed, how.Key); i >= 0 {
				return i
			}
			continue
		}
		n := 0
		for i := range c.Len() {
			if c.State(i) == allowed {
				n++
			}
		}
		if n == 0 {
			continue
		}
		if i := pickAmong(p, how.Policy, c, allowed, n); i >= 0 {
			return i
		}
	}
	return -1
}

// pickAmong chooses among the n candidates that are in one State.
func pickAmong[C Candidates](p *Picker, policy Policy, c C, allowed State, n int) int {
	var turn int
	if policy == Random {
		turn = rand.IntN(n)
	} else {
		turn = int((p.turn.Add(1) - 1) % uint64(n))
	}
	if policy == LeastRequest {
		return leastLoaded(c, allowed, turn)
	}
	last := -1
	for i := range c.Len() {
		if c.State(i) != allowed {
			continue
		}
		if last = i; turn == 0 {
			break
		}
		turn--
	}
	return last
}

// leastLoaded returns the candidate with the fewest requests in flight. Of equal
// ones it takes the first from turn on, or the first would get all of a quiet
// Backend's requests.
func leastLoaded[C Candidates](c C, allowed State, turn int) int {
	best, fewest := -1, int64(0)
	for k := range c.Len() {
		i := (k + turn) % c.Len()
		if c.State(i) != allowed {
			continue
		}
		if n := c.InFlight(i); best < 0 || n < fewest {
			best, fewest = i, n
		}
	}
	return best
}

// Weighted chooses among shares so that each full cycle, as many choices as the
// weights' sum, gives each share exactly its weight, evenly spread.
type Weighted struct {
	weights []int

	mu      sync.Mutex // guards following
	current []int
}

// NewWeighted returns a Weighted for weights of 0 or more.
func NewWeighted(weights []int) *Weighted {
	return &Weighted{weights: weights, current: make([]int, len(weights))}
}

// Next returns the index of the next share, or -1 if all weights are 0.
func (w *Weighted) Next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	best, sum := -1, 0
	for i, weight := range w.weights {
		if weight <= 0 {
			continue
		}
		sum += weight
		w.current[i] += weight
		if best < 0 || w.current[i] > w.current[best] {
			best = i
		}
	}
	if best >= 0 {
		w.current[best] -= sum
	}
	return best
}
