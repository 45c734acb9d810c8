package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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

	known := complaints(statuses(was))
	troubled := 0
	for _, s := range statuses(would) {
		lines := complaintsOf(s)
		if fmt.Sprint(lines) == fmt.Sprint(known[statusRef(s)]) {
			continue
		}
		for _, line := range lines {
			c.printf("  then %s: %s\n", statusRef(s), line)
		}
		troubled += len(lines)
	}
	if troubled > 0 {
		return errNo
	}
	return nil
}

// statusRef is how people name the object of a status.
func statusRef(s plan.Status) string { return refOf(cmp.Or(s.Kind, v1alpha1.KindRoute), s.Key) }

// statuses are those of all service clusters, to which all Issuers are known.
func statuses(in plan.Input) []plan.Status {
	var all []plan.Status
	clusters := map[string]bool{"": true}
	for i := range in.Objects {
		clusters[in.Objects[i].Cluster] = true
	}
	for _, in.Cluster = range sortedKeys(clusters) {
		all = append(all, plan.Compute(in).Statuses...)
	}
	slices.SortStableFunc(all, func(a, b plan.Status) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key))
	})
	return slices.CompactFunc(all, func(a, b plan.Status) bool { return a.Kind == b.Kind && a.Key == b.Key })
}

// complaints are by how people name the object.
func complaints(statuses []plan.Status) map[string][]string {
	m := map[string][]string{}
	for _, s := range statuses {
		m[statusRef(s)] = complaintsOf(s)
	}
	return m
}

// complaintsOf are the Conditions that would not be as they should be, but for
// what only a data plane can tell, and for what follows from one named already.
func complaintsOf(s plan.Status) []string {
	if c, _ := s.Status.Get(v1alpha1.Accepted); wrong(c) {
		return []string{complaint(c)}
	}
	var lines []string
	for _, c := range s.Status.Conditions {
		if wrong(c) && c.Type != v1alpha1.Programmed && c.Type != v1alpha1.Ready {
			lines = append(lines, complaint(c))
		}
	}
	if c, _ := s.Status.Get(v1alpha1.Ready); c.Reason == v1alpha1.ReasonNoReadyEndpoints && len(lines) == 0 {
		lines = append(lines, complaint(c))
	}
	return lines
}

func complaint(c v1alpha1.Condition) string {
	return fmt.Sprintf("%s is %s: %s: %s", c.Type, c.Status, c.Reason, c.Message)
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
