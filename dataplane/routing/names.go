package routing

import (
	"hash/maphash"
	"math/bits"
	"strings"
)

// names finds hosts by exact name: a hash table with the hashes in it. A request
// for one of ten thousand hosts waits for memory more than for anything else, so
// a slot is small, and the names stand side by side. A map touches twice as many
// lines of cache.
type names struct {
	seed maphash.Seed
	// slots hold the upper half of a name's hash, and below it the host's place in
	// hosts, counted from 1. 0 is free. Their number is a power of two.
	slots []uint64
	hosts []host
}

// newNames makes room for n names of hosts, which all stand in one piece of memory.
func newNames(n int, hosts []host) names {
	if n == 0 {
		return names{}
	}
	return names{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<bits.Len(uint(2*n-1))), hosts: hosts}
}

func (t *names) find(name string) *host {
	if len(t.slots) == 0 {
		return nil
	}
	hash := maphash.String(t.seed, name)
	for at := int(hash); ; at++ {
		slot := t.slots[at&(len(t.slots)-1)]
		if slot == 0 {
			return nil
		}
		if slot>>32 == hash>>32 {
			if h := &t.hosts[uint32(slot)-1]; h.pattern == name {
				return h
			}
		}
	}
}

// add adds the host at a place of hosts. Its name must not be there yet.
func (t *names) add(name string, place int) {
	hash := maphash.String(t.seed, name)
	at := int(hash)
	for t.slots[at&(len(t.slots)-1)] != 0 {
		at++
	}
	t.slots[at&(len(t.slots)-1)] = hash>>32<<32 | uint64(place+1)
}

func (t *names) each(f func(*host)) {
	for _, slot := range t.slots {
		if slot != 0 {
			f(&t.hosts[uint32(slot)-1])
		}
	}
}

// gather puts the names of all hosts into one piece of memory.
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
