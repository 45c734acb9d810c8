package routing

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
)

// names finds hosts by exact name: hash tables with the hashes in them. A request
// for one of ten thousand hosts waits for memory more than for anything else, so
// a slot is small, and the names stand side by side. A map touches twice as many
// lines of cache.
//
// There are as many tables as keep each of them small, so that the names of the
// next Snapshot are those of the last with a few tables replaced.
type names struct {
	seed maphash.Seed
	// shards are a power of two; nil of no names.
	shards []shard
	count  int // of names
}

type shard struct {
	// slots hold the upper half of a name's hash, and below it the host's place in
	// hosts, counted from 1. 0 is free. Their number is a power of two.
	slots []uint64
	hosts []host
}

// shardHosts is about how many hosts one shard has.
const shardHosts = 128

// newNames makes room for the exact names of parts.
func newNames(parts []*part, on func(*part) bool) names {
	n := 0
	for range exactHosts(parts, on) {
		n++
	}
	if n == 0 {
		return names{}
	}
	t := names{seed: maphash.MakeSeed(), shards: make([]shard, 1<<bits.Len(uint(n/shardHosts)))}
	counts := make([]int, len(t.shards))
	for name := range exactHosts(parts, on) {
		counts[t.shardOf(maphash.String(t.seed, name))]++
	}
	hosts := make([]host, n)
	for i, n := range counts {
		t.shards[i].hosts, hosts = hosts[:0:n], hosts[n:]
		t.shards[i].slots = make([]uint64, slotsFor(n))
	}
	return t
}

func slotsFor(n int) int { return 1 << bits.Len(uint(max(2*n-1, 1))) }

// exactHosts yields the hosts of the parts that are on a Listener but for wildcards.
func exactHosts(parts []*part, on func(*part) bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, p := range parts {
			if !on(p) {
				continue
			}
			for _, pattern := range p.route.Hosts {
				if pattern[0] != '*' && !yield(pattern) {
					return
				}
			}
		}
	}
}

// shardOf goes by bits that neither slots nor their hashes do.
func (t *names) shardOf(hash uint64) int { return int(hash>>20) & (len(t.shards) - 1) }

func (t *names) find(name string) *host {
	if len(t.shards) == 0 {
		return nil
	}
	hash := maphash.String(t.seed, name)
	return t.shards[t.shardOf(hash)].find(hash, name)
}

func (s *shard) find(hash uint64, name string) *host {
	for at := int(hash); ; at++ {
		slot := s.slots[at&(len(s.slots)-1)]
		if slot == 0 {
			return nil
		}
		if slot>>32 == hash>>32 {
			if h := &s.hosts[uint32(slot)-1]; h.pattern == name {
				return h
			}
		}
	}
}

// add adds a host, for which there has to be room. Its name must not be there yet.
func (t *names) add(name string) *host {
	hash := maphash.String(t.seed, name)
	t.count++
	return t.shards[t.shardOf(hash)].add(hash, host{pattern: name})
}

func (s *shard) add(hash uint64, h host) *host {
	at := int(hash)
	for s.slots[at&(len(s.slots)-1)] != 0 {
		at++
	}
	s.hosts = append(s.hosts, h)
	s.slots[at&(len(s.slots)-1)] = hash>>32<<32 | uint64(len(s.hosts))
	return &s.hosts[len(s.hosts)-1]
}

// holds says whether n other names are few, and these shards right for them.
func (t *names) holds(n int) bool {
	return n <= len(t.shards) && t.count+n <= 2*shardHosts*len(t.shards)
}

// with is t with other hosts; those without parts are none.
func (t *names) with(hosts []host) names {
	next := names{t.seed, slices.Clone(t.shards), t.count}
	byShard := map[int][]host{}
	for _, h := range hosts {
		i := t.shardOf(maphash.String(t.seed, h.pattern))
		byShard[i] = append(byShard[i], h)
	}
	for i, others := range byShard {
		next.shards[i] = next.shards[i].with(t.seed, others)
		next.count += len(next.shards[i].hosts) - len(t.shards[i].hosts)
	}
	return next
}

func (s *shard) with(seed maphash.Seed, others []host) shard {
	isOther := func(pattern string) bool {
		return slices.ContainsFunc(others, func(h host) bool { return h.pattern == pattern })
	}
	n := len(s.hosts) + len(others)
	next := shard{slots: make([]uint64, slotsFor(n)), hosts: make([]host, 0, n)}
	for _, h := range s.hosts {
		if !isOther(h.pattern) {
			next.add(maphash.String(seed, h.pattern), h)
		}
	}
	for _, h := range others {
		if len(h.parts) > 0 {
			next.add(maphash.String(seed, h.pattern), h)
		}
	}
	gather(next.hosts)
	return next
}

func (t *names) each(yield func(*host) bool) {
	for i := range t.shards {
		for j := range t.shards[i].hosts {
			if !yield(&t.shards[i].hosts[j]) {
				return
			}
		}
	}
}

// gather puts the names of each shard's hosts into one piece of memory.
func (t *names) gather() {
	for i := range t.shards {
		gather(t.shards[i].hosts)
	}
}

func gather(hosts []host) {
	n := 0
	for i := range hosts {
		n += len(hosts[i].pattern)
	}
	var text strings.Builder
	text.Grow(n)
	for i := range hosts {
		text.WriteString(hosts[i].pattern)
	}
	rest := text.String()
	for i := range hosts {
		hosts[i].pattern, rest = rest[:len(hosts[i].pattern)], rest[len(hosts[i].pattern):]
	}
}
