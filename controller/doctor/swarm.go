package doctor

import (
	"fmt"
	"strings"
)

func quorum(f Facts) Result {
	if f.Engine.Headless != nil {
		return Result{"quorum", Fail, "the swarm's managers do not answer: " + f.Engine.Headless.Error(), "bring back more than half of the managers; where they are lost, docker swarm init --force-new-cluster on this one"}
	}
	managers, reachable, lost := 0, 0, []string(nil)
	for _, m := range f.Engine.Members {
		switch {
		case !m.Manager:
			continue
		case m.Reachable:
			reachable++
		default:
			lost = append(lost, m.Name)
		}
		managers++
	}
	found := fmt.Sprintf("%d of %d managers reachable", reachable, managers)
	if len(lost) == 0 {
		return ok("quorum", "%s", found)
	}
	r := Result{"quorum", Warn, found + ", not " + strings.Join(lost, ", "), "bring them back, or demote and remove them (docker node demote, docker node rm)"}
	if 2*reachable <= managers {
		r.Level = Fail
	}
	return r
}

func nodes(f Facts) Result {
	var down []string
	level := Warn
	for _, m := range f.Engine.Members {
		if m.State == "ready" {
			continue
		}
		down = append(down, fmt.Sprintf("%s is %s (%s)", m.Name, m.State, m.Availability))
		if m.Availability != "drain" { // who is drained is meant to be away
			level = Fail
		}
	}
	return all("nodes", level, down, "bring them back, or remove them (docker node rm)", fmt.Sprintf("all %d ready", len(f.Engine.Members)))
}

// ingress finds services that take the data planes' ports away on every node.
func ingress(f Facts) Result {
	wanted := map[int]bool{80: len(f.Ports) == 0, 443: len(f.Ports) == 0}
	for _, p := range f.Ports {
		wanted[p.Number] = true
	}
	var found []string
	for _, p := range f.Engine.Published {
		if p.Ingress && wanted[p.Port] {
			found = append(found, fmt.Sprintf("service %s publishes port %d in ingress mode, which hides the addresses of clients", p.Service, p.Port))
		}
	}
	return all("ingress", Warn, found, "give it a Route and take the port away (docker service update --publish-rm), or publish it with mode=host on another port", "no service publishes the data plane's ports in ingress mode")
}

func tenders(f Facts) Result {
	var failed, waiting []string
	for _, t := range f.Tenders {
		if t.Error != "" {
			failed = append(failed, t.Name+" does not start: "+t.Error)
		} else {
			waiting = append(waiting, t.Name+" does not run yet")
		}
	}
	if len(failed) > 0 {
		return all("tenders", Fail, append(failed, waiting...), "look at docker service ps --no-trunc, and mend what it says", "")
	}
	return all("tenders", Warn, waiting, "look again in a moment; then at docker service ps --no-trunc", "none that does not run")
}
