package cli

import (
	"context"
	"fmt"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile/plan"
)

// preview prints what would become wrong, with which Route, if the objects were
// as in after. It is the answer no if anything would.
func (c *client) preview(ctx context.Context, cluster Cluster, before []object, after map[string]object) error {
	was, err := c.input(ctx, cluster, before)
	if err != nil {
		return err
	}
	next := make([]object, 0, len(after))
	for _, key := range sortedKeys(after) {
		next = append(next, after[key])
	}
	would, err := c.input(ctx, cluster, next)
	if err != nil {
		return err
	}
	would.World = was.World

	known := complaints(plan.Compute(was))
	troubled := 0
	for _, s := range plan.Compute(would).Statuses {
		lines := complaintsOf(s)
		if fmt.Sprint(lines) == fmt.Sprint(known[s.Key]) {
			continue
		}
		for _, line := range lines {
			c.printf("  %s would be %s\n", refOf(s.Key), line)
		}
		troubled += len(lines)
	}
	if troubled > 0 {
		return errNo
	}
	return nil
}

func complaints(p plan.Plan) map[string][]string {
	m := map[string][]string{}
	for _, s := range p.Statuses {
		m[s.Key] = complaintsOf(s)
	}
	return m
}

// complaintsOf are the Conditions that are not as they should be, but for those
// that need a data plane.
func complaintsOf(s plan.Status) []string {
	var lines []string
	for _, condition := range s.Status.Conditions {
		switch condition.Type {
		case v1alpha1.Programmed:
			continue
		case v1alpha1.Ready:
			if condition.Reason != v1alpha1.ReasonNoReadyEndpoints || len(lines) > 0 {
				continue
			}
		}
		if wrong(condition) {
			lines = append(lines, fmt.Sprintf("%s: %s: %s", sign(condition), condition.Reason, condition.Message))
		}
	}
	return lines
}

// wrong says whether a Condition is not as it should be: the positive ones must
// be True, and the negative ones are there only when True.
func wrong(c v1alpha1.Condition) bool {
	switch c.Type {
	case v1alpha1.Accepted, v1alpha1.ResolvedRefs, v1alpha1.Programmed, v1alpha1.Ready:
		return c.Status != v1alpha1.True
	}
	return c.Status == v1alpha1.True
}

// sign is "not Accepted", "Conflicted".
func sign(c v1alpha1.Condition) string {
	if c.Status == v1alpha1.True {
		return c.Type
	}
	return "not " + c.Type
}
