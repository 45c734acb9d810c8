package swarm

import (
	"context"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"fairlead.dev/fairlead/reconcile/plan"
)

// A Tender without a running task is asked about when it has been waited for
// this long, and so often again.
const (
	troubleAfter = 5 * time.Second
	troubleEvery = 5 * time.Second
)

// troubles find out why Tenders do not start. Their failed tasks are not among
// those that are listed on every pass. Only Observe's goroutine uses them.
type troubles struct {
	waiting map[string]time.Time // since when, by the ID of the Tender's service
	why     map[string]string    // what was found out, likewise
	asked   time.Time
}

// explain returns the services with the errors of those Tenders that do not
// start. One call asks about all of them. Where it fails, nothing is said.
func (o *Observer) explain(ctx context.Context, services []plan.Service, tasks []plan.Task, now time.Time) []plan.Service {
	x := &o.troubles
	idle := idleTenders(services, tasks)
	x.wait(services, idle, now)
	var late []string
	for _, i := range idle {
		if id := services[i].ID; now.Sub(x.waiting[id]) >= troubleAfter {
			late = append(late, id)
		}
	}
	if len(late) > 0 && now.Sub(x.asked) >= troubleEvery {
		x.asked = now
		found, err := o.client.lastErrors(ctx, late)
		if err == nil {
			o.tell(services, found)
			x.why = found
		}
	}
	return withErrors(services, idle, x.why)
}

// idleTenders are the indices of the Tenders without a running task.
func idleTenders(services []plan.Service, tasks []plan.Task) []int {
	var idle []int
	for i := range services {
		if services[i].Labels[plan.LabelTender] != "" {
			idle = append(idle, i)
		}
	}
	if len(idle) == 0 {
		return nil
	}
	runs := make(map[string]bool, len(idle))
	for i := range tasks {
		if tasks[i].Running {
			runs[tasks[i].ServiceID] = true
		}
	}
	kept := idle[:0]
	for _, i := range idle {
		if !runs[services[i].ID] {
			kept = append(kept, i)
		}
	}
	return kept
}

// wait notes since when each is waited for, and forgets the others.
func (x *troubles) wait(services []plan.Service, idle []int, now time.Time) {
	waiting := make(map[string]time.Time, len(idle))
	for _, i := range idle {
		id := services[i].ID
		waiting[id] = now
		if since, ok := x.waiting[id]; ok {
			waiting[id] = since
		}
	}
	for id := range x.why {
		if _, ok := waiting[id]; !ok {
			delete(x.why, id)
		}
	}
	x.waiting = waiting
}

// tell logs an error when it appears or becomes another.
func (o *Observer) tell(services []plan.Service, found map[string]string) {
	for i := range services {
		if why := found[services[i].ID]; why != "" && why != o.troubles.why[services[i].ID] {
			o.logger.Warn("tender does not start", "tender", services[i].Name, "error", why)
		}
	}
}

// withErrors returns services, in a copy where there is anything to add.
func withErrors(services []plan.Service, idle []int, why map[string]string) []plan.Service {
	if len(why) == 0 {
		return services
	}
	out := append([]plan.Service(nil), services...)
	for _, i := range idle {
		out[i].TaskError = why[out[i].ID]
	}
	return out
}

// lastErrors returns, by service, the error of its newest task that has one.
func (c *Client) lastErrors(ctx context.Context, services []string) (map[string]string, error) {
	args := filters.NewArgs()
	for _, id := range services {
		args.Add("service", id)
	}
	listed, err := call(ctx, c, "list failed tasks", func(ctx context.Context) ([]swarm.Task, error) {
		return c.docker.TaskList(ctx, swarm.TaskListOptions{Filters: args})
	})
	return newestErrors(listed), err
}

func newestErrors(tasks []swarm.Task) map[string]string {
	newest := map[string]*swarm.Task{}
	for i := range tasks {
		t := &tasks[i]
		if n := newest[t.ServiceID]; t.Status.Err != "" && (n == nil || n.CreatedAt.Before(t.CreatedAt)) {
			newest[t.ServiceID] = t
		}
	}
	found := make(map[string]string, len(newest))
	for id, t := range newest {
		found[id] = t.Status.Err
	}
	return found
}
