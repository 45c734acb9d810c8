package plan

import (
	"slices"
	"strings"
)

// index looks things of a World up. It points into the World and edits nothing.
type index struct {
	swarm    bool
	services map[string]*Service // by name
	networks map[string]*Network // by name and by ID
	secrets  map[string]*Secret  // by name
	tasks    map[string][]*Task  // running ones, by service ID, sorted by ID
	attached map[string]bool     // networks by ID
}

func indexWorld(w *World) *index {
	x := &index{
		swarm:    w.Swarm,
		services: make(map[string]*Service, len(w.Services)),
		networks: make(map[string]*Network, 2*len(w.Networks)),
		secrets:  make(map[string]*Secret, len(w.Secrets)),
		attached: make(map[string]bool, len(w.Attached)),
	}
	for i := range w.Services {
		x.services[w.Services[i].Name] = &w.Services[i]
	}
	x.indexNetworks(w.Networks)
	for i := range w.Secrets {
		x.secrets[w.Secrets[i].Name] = &w.Secrets[i]
	}
	for _, id := range w.Attached {
		x.attached[id] = true
	}
	x.tasks = runningTasks(w)
	return x
}

// indexNetworks lets a network's ID win over another's name, and of two with
// one name the lower ID.
func (x *index) indexNetworks(networks []Network) {
	for i := range networks {
		n := &networks[i]
		if other, taken := x.networks[n.Name]; !taken || n.ID < other.ID {
			x.networks[n.Name] = n
		}
	}
	for i := range networks {
		x.networks[networks[i].ID] = &networks[i]
	}
}

// runningTasks groups the tasks that are Endpoints by service, each group sorted
// by ID. There may be 50,000: their groups are looked up once, counted, and
// filled in one piece of memory.
func runningTasks(w *World) map[string][]*Task {
	index := make(map[string]int32, len(w.Services))
	of := make([]int32, len(w.Tasks)) // the group of each task, -1 for none
	var counts []int
	for i := range w.Tasks {
		of[i] = -1
		if !w.Tasks[i].Running {
			continue
		}
		g, ok := index[w.Tasks[i].ServiceID]
		if !ok {
			g = int32(len(counts))
			index[w.Tasks[i].ServiceID] = g
			counts = append(counts, 0)
		}
		of[i] = g
		counts[g]++
	}
	filled := fillGroups(w, of, counts)
	groups := make(map[string][]*Task, len(index))
	for id, g := range index {
		groups[id] = filled[g]
	}
	return groups
}

func fillGroups(w *World, of []int32, counts []int) [][]*Task {
	room := make([]*Task, len(of))
	groups := make([][]*Task, len(counts))
	for g, n := range counts {
		groups[g], room = room[:0:n], room[n:]
	}
	for i, g := range of {
		if g >= 0 {
			groups[g] = append(groups[g], &w.Tasks[i])
		}
	}
	for _, group := range groups {
		slices.SortFunc(group, func(a, b *Task) int { return strings.Compare(a.ID, b.ID) })
	}
	return groups
}

// find looks a short name up as <namespace>_<name> first, then as written.
func find[T any](byName map[string]*T, namespace, name string) (*T, bool) {
	if namespace != "" {
		if v, ok := byName[namespace+"_"+name]; ok {
			return v, true
		}
	}
	v, ok := byName[name]
	return v, ok
}
