package swarm

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
	"fairlead.dev/fairlead/reconcile/plan"
)

// named is the thing with the name; its zero value where there is none.
func named[T any](all []T, name func(T) string, want string) T {
	var none T
	if i := slices.IndexFunc(all, func(x T) bool { return name(x) == want }); i >= 0 {
		return all[i]
	}
	return none
}

func serviceNamed(w plan.World, name string) plan.Service {
	return named(w.Services, func(s plan.Service) string { return s.Name }, name)
}

func networkNamed(w plan.World, name string) plan.Network {
	return named(w.Networks, func(n plan.Network) string { return n.Name }, name)
}

func TestTheWorldIsAsTheSwarmSays(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	n := r.Node(0)
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	n.Docker(t, "network", "create", "--driver", "overlay", "front")
	n.Docker(t, "network", "create", "--driver", "overlay", "--attachable", "--label", "tier=back", "back")
	n.DockerInput(t, "secret bytes", "secret", "create", "web.key", "-")
	n.Docker(t, "service", "create", "--detach", "--name", "web", "--replicas", "2", "--label", "color=red",
		"--network", "front", "--network", "back", "--endpoint-mode", "dnsrr", "--update-delay", "1h", "--stop-grace-period", "1s", image)
	n.Docker(t, "service", "create", "--detach", "--name", "everywhere", "--mode", "global", "--network", "back", "--endpoint-mode", "dnsrr", image)
	r.WaitTasks(t, "web", 2)
	r.WaitTasks(t, "everywhere", 1)
	c := dial(t, n.Host())
	world := func() plan.World {
		t.Helper()
		w, err := c.World(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := world()

	if !w.Swarm || len(w.Nodes) != 1 || w.Nodes[0].Hostname != n.Name || !w.Nodes[0].Ready {
		t.Errorf("swarm %v, nodes %+v", w.Swarm, w.Nodes)
	}
	front, back, ingress := networkNamed(w, "front"), networkNamed(w, "back"), networkNamed(w, "ingress")
	if front.ID == "" || front.Ingress || back.Labels["tier"] != "back" || back.Ingress || !ingress.Ingress {
		t.Errorf("networks %+v", w.Networks)
	}
	if bridge := networkNamed(w, "docker_gwbridge"); bridge.ID != "" {
		t.Errorf("a network of the engine's own counts: %+v", bridge)
	}
	if secret := named(w.Secrets, func(s plan.Secret) string { return s.Name }, "web.key"); secret.ID == "" {
		t.Errorf("secrets %+v", w.Secrets)
	}
	web := serviceNamed(w, "web")
	wanted := []string{front.ID, back.ID}
	slices.Sort(wanted)
	if got := slices.Sorted(slices.Values(web.Networks)); !slices.Equal(got, wanted) || web.Desired != 2 || web.Labels["color"] != "red" || web.Updating {
		t.Errorf("service %+v, networks are %v", web, wanted)
	}
	if global := serviceNamed(w, "everywhere"); global.Desired != -1 {
		t.Errorf("global service %+v", global)
	}
	tasks := tasksOf(w, web.ID)
	if len(tasks) != 2 || tasks[0].Addresses[0].IP == tasks[1].Addresses[0].IP {
		t.Errorf("tasks %+v", tasks)
	}
	slots := map[string]bool{tasks[0].Slot: tasks[0].Created > 0, tasks[1].Slot: tasks[1].Created > 0}
	if global := tasksOf(w, serviceNamed(w, "everywhere").ID); !slots["1"] || !slots["2"] || global[0].Slot != w.Nodes[0].ID {
		t.Errorf("slots %v, and of the global service %q", slots, global[0].Slot)
	}
	for _, task := range tasks {
		checkTask(t, task, w.Nodes[0].ID, wanted)
	}

	n.Docker(t, "service", "update", "--detach", "--force", "web") // the delay keeps it halfway
	rig.Eventually(t, time.Minute, "the service is updating, and a task of it is not running", func() error {
		w := world()
		running := slices.DeleteFunc(tasksOf(w, web.ID), func(t plan.Task) bool { return !t.Running })
		if !serviceNamed(w, "web").Updating {
			return errNotYet
		}
		if len(running) > 2 {
			return fmt.Errorf("%d tasks run", len(running))
		}
		return nil
	})
	n.Docker(t, "service", "scale", "--detach", "web=1")
	rig.Eventually(t, time.Minute, "one task is left", func() error {
		w := world()
		if tasks := tasksOf(w, web.ID); len(tasks) != 1 || serviceNamed(w, "web").Desired != 1 {
			return fmt.Errorf("%+v", tasks)
		}
		return nil
	})
}

func tasksOf(w plan.World, service string) []plan.Task {
	var out []plan.Task
	for _, t := range w.Tasks {
		if t.ServiceID == service {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b plan.Task) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// checkTask checks a task that runs on the node, with an address on each network.
func checkTask(t *testing.T, task plan.Task, node string, networks []string) {
	t.Helper()
	if !task.Running || task.NodeID != node {
		t.Errorf("task %+v", task)
	}
	var on []string
	for _, a := range task.Addresses {
		on = append(on, a.Network)
		if _, err := netip.ParseAddr(a.IP); err != nil {
			t.Errorf("address %+v: %v", a, err)
		}
	}
	if slices.Sort(on); !slices.Equal(on, networks) {
		t.Errorf("on %v, want %v", on, networks)
	}
}

func TestTheClientTellsWhatHappenedLately(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	c := dial(t, r.Node(0).Host())
	since := time.Now()
	r.Node(0).DockerInput(t, "data", "secret", "create", "lately", "-")
	rig.Eventually(t, 20*time.Second, "the event is told of", func() error {
		events, err := c.Events(t.Context(), since.Add(-time.Second))
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Kind == "secret" && e.Action == "create" && e.Name == "lately" && !e.Time.Before(since.Add(-time.Second)) {
				return nil
			}
		}
		return fmt.Errorf("%+v", events)
	})
}
