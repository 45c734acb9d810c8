package plan

import (
	"slices"
	"strings"
)

// index looks things of a World up. It points into the World and edits nothing.
type index struct {
	swarm    bool
	services map[string]*service      // by name
	byID     map[string]*service      // likewise, by ID
	networks map[string]*Network      // by name and by ID
	secrets  map[string]*Secret       // by name
	labelled map[string][]*Secret     // by LabelCertificate, in no order
	attached map[string]bool          // networks by ID
	nodes    map[string]*Node         // by ID
	issuers  map[string]*IssuerObject // by key
	owned    map[string]bool          // labels that are a Certificate's
}

// service is a Service with its tasks that are Endpoints, sorted by ID.
type service struct {
	*Service
	running int
	tasks   []*Task
}

func indexWorld(in *Input) *index {
	w := &in.World
	x := &index{
		swarm:    w.Swarm,
		services: make(map[string]*service, len(w.Services)),
		byID:     make(map[string]*service, len(w.Services)),
		networks: make(map[string]*Network, 2*len(w.Networks)),
		secrets:  make(map[string]*Secret, len(w.Secrets)),
		labelled: map[string][]*Secret{},
		issuers:  make(map[string]*IssuerObject, len(in.Issuers)),
		owned:    make(map[string]bool, len(in.Certificates)),
		attached: make(map[string]bool, len(w.Attached)),
		nodes:    make(map[string]*Node, len(w.Nodes)),
	}
	for i := range in.Issuers {
		x.issuers[in.Issuers[i].Key] = &in.Issuers[i]
	}
	for i := range in.Certificates {
		x.owned[in.Certificates[i].Key] = true
	}
	for i := range w.Nodes {
		x.nodes[w.Nodes[i].ID] = &w.Nodes[i]
	}
	x.indexServices(w.Services)
	x.indexNetworks(w.Networks)
	for i := range w.Secrets {
		s := &w.Secrets[i]
		x.secrets[s.Name] = s
		if s.Certificate != "" {
			x.labelled[s.Certificate] = append(x.labelled[s.Certificate], s)
		}
	}
	for _, id := range w.Attached {
		x.attached[id] = true
	}
	x.indexTasks(w.Tasks)
	return x
}

func (x *index) indexServices(services []Service) {
	room := make([]service, len(services))
	for i := range services {
		room[i].Service = &services[i]
		x.services[services[i].Name] = &room[i]
		x.byID[services[i].ID] = &room[i]
	}
}

// runs says whether a task of the service with this ID runs.
func (x *index) runs(id string) bool {
	s := x.byID[id]
	return s != nil && len(s.tasks) > 0
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

// indexTasks gives each service its running tasks. There may be 50,000: the
// service of each is looked up once, and all groups are in one piece of memory.
func (x *index) indexTasks(tasks []Task) {
	of := make([]*service, len(tasks))
	total := 0
	for i := range tasks {
		if !tasks[i].Running {
			continue
		}
		if of[i] = x.byID[tasks[i].ServiceID]; of[i] != nil {
			of[i].running++
			total++
		}
	}
	room := make([]*Task, total)
	for i, s := range of {
		if s == nil {
			continue
		}
		if s.tasks == nil {
			s.tasks, room = room[:0:s.running], room[s.running:]
		}
		s.tasks = append(s.tasks, &tasks[i])
	}
	for _, s := range x.byID {
		slices.SortFunc(s.tasks, func(a, b *Task) int { return strings.Compare(a.ID, b.ID) })
	}
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
