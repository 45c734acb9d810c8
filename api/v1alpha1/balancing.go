package v1alpha1

// checkLoadBalancing finds a consistent hash of nothing, of two things, or of what
// cannot be seen.
func (f *findings) checkLoadBalancing(lb *LoadBalancing, tls *RouteTLS) {
	const path = "spec.loadBalancing.consistentHash"
	k := lb.ConsistentHash
	switch {
	case k == nil && lb.Type == ConsistentHash:
		f.invalid(path, "is required with type ConsistentHash: say what is hashed, as in {cookie: session}")
	case k == nil:
	case lb.Type != ConsistentHash:
		f.invalid(path, "goes with type ConsistentHash only")
	case k.keys() != 1:
		f.invalid(path, "has %d keys, must have exactly one of clientIP: true, header, cookie and query", k.keys())
	case tls != nil && tls.Mode == TLSPassthrough && !k.ClientIP:
		f.invalid(path, "needs to see requests, and with tls.mode Passthrough they are encrypted: use {clientIP: true}, or mode Terminate")
	}
}

// keys counts the keys that are set.
func (k *HashKey) keys() int {
	n := 0
	for _, set := range []bool{k.ClientIP, k.Header != "", k.Cookie != "", k.Query != ""} {
		if set {
			n++
		}
	}
	return n
}
