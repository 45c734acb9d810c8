package balance

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type fake struct {
	states []State
	loads  []int64
	who    []Identity
}

func (f fake) Len() int             { return len(f.states) }
func (f fake) State(i int) State    { return f.states[i] }
func (f fake) InFlight(i int) int64 { return f.loads[i] }

func (f fake) Identity(i int) Identity { return f.who[i] }

func picks(p *Picker, policy Policy, f fake, n int) []int {
	counts := make([]int, f.Len())
	for range n {
		if i := Pick(p, Choice{Policy: policy}, f); i >= 0 {
			counts[i]++
		}
	}
	return counts
}

func TestPicks(t *testing.T) {
	loads := make([]int64, 3)
	for name, c := range map[string]struct {
		states []State
		loads  []int64
		want   []int
	}{
		"all take turns":                    {[]State{Usable, Usable, Usable}, loads, []int{4, 4, 4}},
		"an ejected one's turns are shared": {[]State{Usable, Ejected, Usable}, loads, []int{6, 0, 6}},
		"with all ejected all are tried":    {[]State{Ejected, Ejected, Excluded}, loads, []int{6, 6, 0}},
		"excluded ones are never picked":    {[]State{Excluded, Excluded, Excluded}, loads, []int{0, 0, 0}},
	} {
		f := fake{c.states, c.loads, nil}
		for _, policy := range []Policy{"", RoundRobin, LeastRequest, ConsistentHash} {
			if policy == LeastRequest && name == "an ejected one's turns are shared" {
				continue // evenly loaded ones are shared by turns only roughly
			}
			if d := cmp.Diff(c.want, picks(new(Picker), policy, f, 12)); d != "" {
				t.Errorf("%s, %q: %s", name, policy, d)
			}
		}
	}
}

func TestLeastRequestTakesTheIdlest(t *testing.T) {
	f := fake{[]State{Usable, Usable, Ejected}, []int64{2, 1, 0}, nil}
	if d := cmp.Diff([]int{0, 5, 0}, picks(new(Picker), LeastRequest, f, 5)); d != "" {
		t.Error(d)
	}
}

func TestRandomPicksOnlyUsableOnes(t *testing.T) {
	f := fake{[]State{Usable, Ejected, Usable}, make([]int64, 3), nil}
	got := picks(new(Picker), Random, f, 300)
	if got[1] != 0 || got[0] == 0 || got[2] == 0 {
		t.Error(got)
	}
}

func TestWeightsAreExactOverACycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 6).Draw(t, "weights")
		w, sum := NewWeighted(weights), 0
		for _, weight := range weights {
			sum += weight
		}
		if sum == 0 {
			if w.Next() != -1 {
				t.Fatal("something chosen of nothing")
			}
			return
		}
		counts := make([]int, len(weights))
		for range 3 * sum {
			counts[w.Next()]++
		}
		for i, n := range counts {
			if n != 3*weights[i] {
				t.Fatalf("share %d was chosen %d times of %d", i, n, 3*sum)
			}
		}
	})
}

func TestWeightsAreSpread(t *testing.T) {
	w := NewWeighted([]int{3, 1})
	var got []int
	for range 8 {
		got = append(got, w.Next())
	}
	if d := cmp.Diff([]int{0, 0, 1, 0, 0, 0, 1, 0}, got); d != "" {
		t.Error(d)
	}
}
