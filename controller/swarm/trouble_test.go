package swarm

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/reconcile/plan"
)

func TestTheErrorOfATenderIsThatOfItsNewestFailedTask(t *testing.T) {
	task := func(service string, second int64, err string) swarm.Task {
		return swarm.Task{ServiceID: service, Meta: swarm.Meta{CreatedAt: time.Unix(second, 0)}, Status: swarm.TaskStatus{Err: err}}
	}
	got := newestErrors([]swarm.Task{task("a", 2, "second"), task("a", 1, "first"), task("a", 3, ""), task("b", 1, "")})
	if diff := cmp.Diff(map[string]string{"a": "second"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyTendersWithoutARunningTaskAreWaitedFor(t *testing.T) {
	tender := map[string]string{plan.LabelTender: "here"}
	services := []plan.Service{{ID: "app"}, {ID: "runs", Labels: tender}, {ID: "starts", Labels: tender}, {ID: "late", Labels: tender}}
	tasks := []plan.Task{{ServiceID: "runs", Running: true}, {ServiceID: "starts"}}
	idle := idleTenders(services, tasks)
	if diff := cmp.Diff([]int{2, 3}, idle); diff != "" {
		t.Error(diff)
	}
	x := troubles{why: map[string]string{"runs": "was once", "late": "no such image"}}
	began := time.Unix(0, 0)
	x.wait(services, idle, began)
	x.wait(services, idle[1:], began.Add(time.Second))
	if diff := cmp.Diff(map[string]time.Time{"late": began}, x.waiting); diff != "" {
		t.Error(diff)
	}
	told := withErrors(services, idle, x.why)
	if told[1].TaskError != "" || told[3].TaskError != "no such image" || services[3].TaskError != "" {
		t.Errorf("%+v, and the cached %+v", told, services)
	}
}
