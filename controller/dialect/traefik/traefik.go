package traefik

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
)

// Name is the dialect's.
const Name = "traefik"

// Claims says whether a label is one of Traefik's. They have no case.
func Claims(label string) bool { return strings.HasPrefix(strings.ToLower(label), "traefik.") }

// translator is a Translate under way.
type translator struct {
	sets    []*labels.Set
	own     map[*labels.Set]own
	objects []*object.Object
	routers []*router
	routes  []labels.Route
}

// own is what the labels of a swarm service say of itself.
type own struct {
	network, mode string
}

// Translate reads the labels of all services.
func Translate(services []*labels.Service) labels.Result {
	t := &translator{own: map[*labels.Set]own{}}
	for _, s := range services {
		if set := labels.NewSet(s, Name, Claims); set != nil {
			t.sets = append(t.sets, set)
			if t.readOwn(set) {
				t.objects = append(t.objects, object.Read(set)...)
			}
		}
	}
	for _, o := range t.objects {
		switch o.Kind {
		case "http.routers":
			t.readRouter(o)
		case "tcp.routers":
			t.readTCP(o)
		}
	}
	for _, r := range t.routers {
		t.build(r)
	}
	t.readUnused()
	result := labels.Result{Routes: t.routes}
	for _, set := range t.sets {
		result.Entries = append(result.Entries, set.Entries()...)
	}
	return result
}

// first are the beginnings of labels of Traefik 1.
var first = []string{"traefik.frontend", "traefik.backend", "traefik.port", "traefik.protocol", "traefik.weight", "traefik.domain"}

// readOwn reads the labels that belong to no object, and says whether Traefik
// looks at the others.
func (t *translator) readOwn(set *labels.Set) bool {
	var o own
	for _, label := range set.Names() {
		value, _ := set.Value(label)
		switch name := strings.ToLower(label); {
		case name == "traefik.enable":
			if value != "" && !object.IsTrue(value) {
				disable(set)
				return false
			}
			set.Needless(label, "a Route says itself which service it is for")
		case name == "traefik.docker.network" || name == "traefik.swarm.network":
			o.network = t.readNetwork(set, label, value)
		case name == "traefik.docker.lbswarm" || name == "traefik.swarm.lbswarm":
			if object.IsTrue(value) {
				o.mode = v1alpha1.BackendVIP
				set.Became(label, "spec.rules[].backends[].mode")
			} else {
				set.Needless(label, "is how it is without the label")
			}
		case strings.HasPrefix(name, "traefik.tags"), strings.HasPrefix(name, "traefik.constraint-label"), strings.HasPrefix(name, "traefik.docker.allownonrunning"):
			set.Needless(label, "chose which Traefik reads the labels; data planes are chosen by spec.serviceCluster")
		case slices.ContainsFunc(first, func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
			set.Lost(label, "is one of Traefik 1, which later versions do not read: write it as traefik.http.routers.NAME.rule first")
		}
	}
	t.own[set] = o
	return true
}

// readNetwork reads the network, which needs to be said only where there are
// several.
func (t *translator) readNetwork(set *labels.Set, label, value string) string {
	switch {
	case !set.Service.Shares(value):
		set.Lost(label, "the service is not attached to %s", value)
		return ""
	case len(set.Service.Networks) == 1:
		set.Needless(label, "the service is attached to no other network")
		return ""
	}
	set.Became(label, "spec.rules[].backends[].network")
	return value
}

func disable(set *labels.Set) {
	for _, label := range set.Names() {
		set.Needless(label, "traefik.enable is false, so Traefik does not look at the service")
	}
}

// readUnused speaks of what no router that became a Route has asked for.
func (t *translator) readUnused() {
	named := map[string]bool{}
	for _, o := range t.objects {
		for _, key := range []string{"middlewares", "chain.middlewares", "service"} {
			for _, ref := range labels.Items(strings.ToLower(o.Text(key)), ",") {
				name, _, _ := strings.Cut(ref, "@")
				named[name] = true
			}
		}
	}
	for _, o := range t.objects {
		switch {
		case strings.HasPrefix(o.Kind, "udp."):
			o.LoseRest("is of UDP: Routes are for HTTP and TLS")
		case strings.HasSuffix(o.Kind, ".services") && !o.Used && !named[o.Name]:
			o.LoseRest("no router uses the service; what Traefik's default rule made of it does not stand in labels: write a Route")
		case strings.HasSuffix(o.Kind, ".middlewares") && !o.Used && !named[o.Name]:
			for _, p := range o.Options {
				o.Needless(p.Label, "no router uses the middleware")
			}
		case !o.Used:
			o.LoseRest("belongs to what was not translated")
		default:
			o.LoseRest("is an option that Routes do not have")
		}
	}
}
