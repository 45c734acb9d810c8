package balance

import "math"

// Key is what a consistent choice is made by: a hash of what the client showed. It
// is never 0; the zero Key is none.
type Key uint64

// KeyOf returns the Key of a value, and none for an empty one. It is the same in
// every process: FNV-1a, and after it mix, since of FNV's bits the high ones are
// poor where values are short.
func KeyOf[S ~string | ~[]byte](value S) Key {
	if len(value) == 0 {
		return 0
	}
	h := uint64(14695981039346656037)
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	return Key(max(mix(h), 1))
}

// mix spreads every bit over all of them (the finalizer of SplitMix64).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// Identity is what is lasting about a candidate.
type Identity struct {
	// Hash is that of its name.
	Hash Key
	// Created tells which of two with one Hash is the successor: the later one.
	Created int64
}

// highest returns the candidate that scores highest for a Key, among those in one
// State; -1 where there is none.
//
// This is rendezvous hashing: each candidate has a score of its own for each Key,
// so one that comes takes only the Keys for which it scores highest, and one that
// goes, or is passed over for a while, leaves its Keys to whoever is second for
// each of them. A ring or Maglev's table would find the candidate in less than n
// steps, but has to be made anew, for each data plane, when one comes or goes, and
// walked when one is passed over. A score is two multiplications: some hundreds of
// candidates cost a microsecond or two, and no memory.
func highest[C Candidates](c C, allowed State, key Key) int {
	best, top, created := -1, uint64(0), int64(0)
	for i := range c.Len() {
		who := c.Identity(i)
		score := mix(uint64(key) ^ uint64(who.Hash))
		higher := best < 0 || score > top || score == top && who.Created > created
		if higher && c.State(i) == allowed {
			best, top, created = i, score, who.Created
		}
	}
	return best
}

// Successor returns the candidate with an Identity's Hash that is Usable; of two
// the later one. It returns -1 where there is none.
func Successor[C Candidates](c C, hash Key) int {
	best, created := -1, int64(0)
	for i := range c.Len() {
		who := c.Identity(i)
		if who.Hash != hash || c.State(i) != Usable {
			continue
		}
		if best < 0 || who.Created > created {
			best, created = i, who.Created
		}
	}
	return best
}

// Share returns the index of the share that a Key belongs to, or -1 if all weights
// are 0. Shares are known by their hashes. Each has its weight's part of all Keys,
// and a changed weight moves no more Keys than it has to: rendezvous hashing, where
// the scores are exponential variates of the weights' rates and the least wins.
func Share(key Key, weights []int, hashes []Key) int {
	best, least := -1, 0.0
	for i, weight := range weights {
		if weight <= 0 {
			continue
		}
		uniform := (float64(mix(uint64(key)^uint64(hashes[i]))>>11) + 0.5) / (1 << 53)
		if score := -math.Log(uniform) / float64(weight); best < 0 || score < least {
			best, least = i, score
		}
	}
	return best
}
