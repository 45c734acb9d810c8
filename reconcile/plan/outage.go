package plan

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// outages are the IDs of the Endpoints that every data plane passes over. What only
// some do is their view of the network, and requests are served.
func outages(reports []snapshot.Report) map[string]bool {
	var common map[string]bool
	for i := range reports {
		of := make(map[string]bool, len(reports[i].Ejected))
		for _, id := range reports[i].Ejected {
			if i == 0 || common[id] {
				of[id] = true
			}
		}
		if common = of; len(common) == 0 {
			return nil
		}
	}
	return common
}

// out counts the Endpoints of b that are out by its HealthCheck. Without one an
// ejection is over before anybody has read of it.
func (c *conditions) out(b *snapshot.Backend) int {
	if b.Check == nil || len(c.outages) == 0 {
		return 0
	}
	n := 0
	for i := range b.Endpoints {
		if c.outages[b.Endpoints[i].ID] {
			n++
		}
	}
	return n
}

// outBackends says which Backends have Endpoints that are out.
func (c *conditions) outBackends() string {
	var parts []string
	for _, i := range c.rt.backends {
		b := &c.resolver.backends[i]
		if n := c.out(b); n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d endpoints of %s", n, len(b.Endpoints), b.Name))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "out by the health check: " + strings.Join(parts, ", ")
}
