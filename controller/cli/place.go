package cli

import (
	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/reconcile/plan"
)

// places says on which node a task is.
type places map[string]string // node's name by task ID

func newPlaces(w *plan.World) places {
	names := map[string]string{}
	for _, n := range w.Nodes {
		names[n.ID] = n.Hostname
	}
	p := places{}
	for _, t := range w.Tasks {
		p[t.ID] = dash(names[t.NodeID])
	}
	return p
}

// of is the task and the node of an Endpoint, "-" where it is no task.
func (p places) of(e snapshot.Endpoint) (task, node string) {
	if node, ok := p[e.ID]; ok {
		return e.ID[:min(12, len(e.ID))], node
	}
	return "-", "-"
}
