package cli

import (
	"context"
	"fmt"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// states says which Endpoints the data planes pass over.
type states []snapshot.Report

func (c *client) states(ctx context.Context, cluster Cluster, serviceCluster string) (states, error) {
	if cluster.Reports == nil {
		return nil, nil
	}
	reports, err := cluster.Reports(ctx, serviceCluster)
	if err != nil {
		return nil, fmt.Errorf("read what the data planes say: %w", err)
	}
	return reports, nil
}

// of is the state of an Endpoint, "-" where nobody says anything.
func (s states) of(e snapshot.Endpoint) string {
	out := 0
	for i := range s {
		if slices.Contains(s[i].Ejected, e.ID) {
			out++
		}
	}
	switch {
	case len(s) == 0:
		return "-"
	case out == 0:
		return "ready"
	case out == len(s):
		return "out"
	}
	return fmt.Sprintf("out at %d of %d data planes", out, len(s))
}
