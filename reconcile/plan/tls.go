package plan

import (
	"fmt"
	"slices"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// accepts is nil for a Route that asks for nothing beside the least version, which
// is all that the policies differ in.
func accepts(t *v1alpha1.RouteTLS) *snapshot.Accepts {
	if t.MaxVersion == "" && len(t.CipherSuites)+len(t.Curves) == 0 {
		return nil
	}
	return &snapshot.Accepts{
		MaxVersion:   t.MaxVersion,
		CipherSuites: slices.Sorted(slices.Values(t.CipherSuites)),
		Curves:       slices.Sorted(slices.Values(t.Curves)),
	}
}

// hsts is the value of Strict-Transport-Security (RFC 6797 section 6.1), or "".
func hsts(h *v1alpha1.HSTS) string {
	if h == nil {
		return ""
	}
	value := fmt.Sprintf("max-age=%d", int64(time.Duration(*h.MaxAge)/time.Second))
	if h.IncludeSubdomains {
		value += "; includeSubDomains"
	}
	if h.Preload {
		value += "; preload"
	}
	return value
}
