package metrics

import (
	"math"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper ends of the buckets of a histogram, in seconds. What is
// above the last one is in a bucket of its own.
var bounds = [...]float64{0.0005, 0.002, 0.008, 0.032, 0.128, 0.512, 2.048, 8.192, 32.768}

// histogram counts durations without a lock.
type histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64
	sum     atomic.Uint64 // the bits of a float64
}

// observe counts a duration, in seconds.
func (h *histogram) observe(seconds float64) {
	i := 0
	for i < len(bounds) && seconds > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+seconds)) {
			return
		}
	}
}

// metric returns what was observed, or nil where nothing was.
func (h *histogram) metric(d *prometheus.Desc, labels ...string) prometheus.Metric {
	all, cumulative := uint64(0), make(map[float64]uint64, len(bounds))
	for i := range h.buckets {
		all += h.buckets[i].Load()
		if i < len(bounds) {
			cumulative[bounds[i]] = all
		}
	}
	if all == 0 {
		return nil
	}
	return prometheus.MustNewConstHistogram(d, all, math.Float64frombits(h.sum.Load()), cumulative, labels...)
}
