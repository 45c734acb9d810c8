package balance

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// named are Usable candidates of these names.
func named(names ...string) fake {
	f := fake{states: make([]State, len(names)), loads: make([]int64, len(names))}
	for _, n := range names {
		f.who = append(f.who, Identity{Hash: KeyOf(n)})
	}
	return f
}

func slots(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i + 1)
	}
	return names
}

func pickBy(f fake, key Key) int { return Pick(new(Picker), Choice{ConsistentHash, key}, f) }

func TestAKeyIsTheSameInEveryProcess(t *testing.T) {
	for value, want := range map[string]Key{"": 0, "1": 0x4687cd939adeafdf, "10.0.0.7": 0x7140dfb15c70ce5c} {
		if got := KeyOf(value); got != want || got != KeyOf([]byte(value)) {
			t.Errorf("%q: %#x", value, got)
		}
	}
}

// What comes or goes moves the Keys that it has or had, about 1/n of them, and no
// other.
func TestOneCandidateMoreOrLessMovesOneShareOfTheKeys(t *testing.T) {
	const keys = 4000
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		salt := rapid.Uint32().Draw(t, "salt")
		fewer, more := named(slots(n)...), named(slots(n+1)...)
		moved := 0
		for i := range keys {
			key := KeyOf(fmt.Sprint(salt, "-", i))
			before, after := pickBy(fewer, key), pickBy(more, key)
			if before == after {
				continue
			}
			if moved++; after != n {
				t.Fatalf("key %d went from %d to %d, which both were there", i, before, after)
			}
		}
		share := float64(keys) / float64(n+1)
		if slack := 6 * math.Sqrt(share); math.Abs(float64(moved)-share) > slack {
			t.Fatalf("%d of %d keys moved to one of %d, want %.0f ± %.0f", moved, keys, n+1, share, slack)
		}
	})
}

func TestKeysAreSpreadEvenly(t *testing.T) {
	const n, keys = 7, 70_000
	f, counts := named(slots(n)...), make([]int, n)
	for i := range keys {
		counts[pickBy(f, KeyOf(fmt.Sprint("session-", i)))]++
	}
	for i, c := range counts {
		if c < 9_400 || c > 10_600 {
			t.Errorf("candidate %d has %d keys of %d", i, c, keys)
		}
	}
}

func TestAnEjectedCandidateLendsItsKeysToTheNextInTheirOrder(t *testing.T) {
	const n = 9
	f := named(slots(n)...)
	for i := range 500 {
		key := KeyOf(fmt.Sprint(i))
		first := pickBy(f, key)
		f.states[first] = Excluded
		second := pickBy(f, key)
		f.states[first] = Ejected
		if got := pickBy(f, key); got != second || got == first {
			t.Fatalf("%d stands in for %d, not %d", got, first, second)
		}
		for other := range 50 {
			if k := KeyOf(fmt.Sprint("other", other)); pickBy(f, k) == first {
				t.Fatal("an ejected candidate was picked")
			}
		}
		f.states[first] = Usable
		if pickBy(f, key) != first {
			t.Fatal("the key did not come back")
		}
	}
	for i := range f.states {
		f.states[i] = Ejected
	}
	if pickBy(f, KeyOf("x")) < 0 {
		t.Error("with all ejected nobody was tried")
	}
}

func TestOfTwoInOneSlotTheLaterIsTaken(t *testing.T) {
	f := named("1", "2", "2", "3")
	f.who[1].Created, f.who[2].Created = 7, 5
	for i := range 300 {
		if pickBy(f, KeyOf(fmt.Sprint(i))) == 2 {
			t.Fatal("the earlier was taken")
		}
	}
	if got := Successor(f, KeyOf("2")); got != 1 {
		t.Error("the successor is", got)
	}
	f.states[1] = Ejected
	if got := Successor(f, KeyOf("2")); got != 2 {
		t.Error("the successor is not usable, and instead of the other came", got)
	}
	f.states[2] = Excluded
	if got := Successor(f, KeyOf("2")); got != -1 {
		t.Error("something came of an empty slot:", got)
	}
}

func TestSharesOfKeysAreAsTheWeights(t *testing.T) {
	const keys = 50_000
	hashes := []Key{KeyOf("a"), KeyOf("b"), KeyOf("c")}
	counts := make([]int, 3)
	for i := range keys {
		key := KeyOf(fmt.Sprint("session-", i))
		before := Share(key, []int{9, 0, 1}, hashes)
		counts[before]++
		if after := Share(key, []int{8, 0, 2}, hashes); after != before && before != 0 {
			t.Fatal("a key moved to a share that became smaller")
		}
	}
	if counts[1] != 0 || counts[2] < 4_700 || counts[2] > 5_300 {
		t.Error(counts)
	}
	if Share(1, []int{0, 0}, hashes) != -1 {
		t.Error("something was chosen of nothing")
	}
}

func BenchmarkPickByKey300(b *testing.B) {
	f, p, key := named(slots(300)...), new(Picker), KeyOf("session")
	b.ReportAllocs()
	for b.Loop() {
		Pick(p, Choice{ConsistentHash, key}, f)
	}
}
