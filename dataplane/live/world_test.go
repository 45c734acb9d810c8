package live

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/routing"
)

func backend(id string, endpoints ...string) snapshot.Backend {
	b := snapshot.Backend{ID: id, Name: id}
	for _, e := range endpoints {
		b.Endpoints = append(b.Endpoints, snapshot.Endpoint{ID: e, Address: e + ":80"})
	}
	return b
}

func build(t testing.TB, last *World, s snapshot.Snapshot) (*World, *Change) {
	t.Helper()
	w, c, err := Build(last, &s)
	if err != nil {
		t.Fatal(err)
	}
	return w, c
}

func ids(list []*Endpoint) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

type idle struct{ closed int }

func (i *idle) CloseIdle() { i.closed++ }

func TestWhatStaysIsKept(t *testing.T) {
	m := health.NewMonitor(health.Config{})
	first, c := build(t, nil, snapshot.Snapshot{Backends: []snapshot.Backend{backend("a", "1", "2"), backend("b", "3"), backend("c", "4")}})
	c.Apply(m)
	a := first.Backend("a")
	kept, gone := a.Endpoints()[0], a.Endpoints()[1]
	conns := &idle{}
	gone.Connections(func(*Endpoint) Connections { return conns })
	gone.Begin()
	replaced := first.Backend("b").Endpoints()[0]
	m.ConnectFailed(&kept.Health, kept.ID)

	bIsH2C := backend("b", "3")
	bIsH2C.Protocol = snapshot.H2C
	second, c := build(t, first, snapshot.Snapshot{Backends: []snapshot.Backend{backend("a", "1", "5"), bIsH2C}})
	if d := cmp.Diff([]string{"1", "2"}, ids(a.Endpoints())); d != "" {
		t.Error("Build changed what is served:", d)
	}
	c.Apply(m)
	if second.Backend("a") != a || a.Endpoints()[0] != kept || !cmp.Equal(ids(a.Endpoints()), []string{"1", "5"}) {
		t.Error("the Endpoint that stays was not kept")
	}
	if !cmp.Equal(m.Ejected(), []string{"1"}) {
		t.Error("the ejection was not kept")
	}
	if conns.closed != 1 || !gone.Retired() {
		t.Error("the removed Endpoint kept its idle connections")
	}
	if gone.End(); conns.closed != 2 {
		t.Error("the removed Endpoint kept the connection of its last request")
	}
	if second.Backend("b") == first.Backend("b") || !replaced.Retired() {
		t.Error("another protocol makes another Backend")
	}
	if !first.Backend("c").Endpoints()[0].Retired() {
		t.Error("the Endpoints of a removed Backend are to be retired")
	}
}

func TestPickPassesOverEjectedAndTriedEndpoints(t *testing.T) {
	m := health.NewMonitor(health.Config{})
	w, _ := build(t, nil, snapshot.Snapshot{Backends: []snapshot.Backend{backend("a", "1", "2", "3"), backend("none")}})
	a := w.Backend("a")
	e := a.Endpoints()
	m.ConnectFailed(&e[0].Health, "1")
	for range 5 {
		if got := a.Pick(balance.Choice{}, e[1:2]); got != e[2] {
			t.Fatal(got.ID)
		}
	}
	if got := a.Pick(balance.Choice{}, e[1:3]); got != e[0] {
		t.Error("an ejected Endpoint is better than none")
	}
	if a.Pick(balance.Choice{}, e) != nil || w.Backend("none").Pick(balance.Choice{}, nil) != nil {
		t.Error("something was picked of nothing")
	}
}

func weightedRoute(weights ...int) snapshot.Snapshot {
	s := snapshot.Snapshot{Routes: []*snapshot.Route{{Key: "r", Hosts: []string{"*"}, Rules: []snapshot.Rule{{Name: "0"}}}}}
	for i, w := range weights {
		id := fmt.Sprint(i)
		s.Backends = append(s.Backends, backend(id))
		s.Routes[0].Rules[0].Backends = append(s.Routes[0].Rules[0].Backends, snapshot.BackendRef{Backend: id, Weight: w})
	}
	return s
}

func TestSharesGoOnAcrossPublishes(t *testing.T) {
	var w *World
	counts := map[int]int{}
	for range 40 {
		w, _ = build(t, w, weightedRoute(3, 1))
		i, _ := w.Next(firstRule(w), 0)
		counts[i]++
	}
	if d := cmp.Diff(map[int]int{0: 30, 1: 10}, counts); d != "" {
		t.Error(d)
	}
}

func TestSharesWithoutWeightOrBackend(t *testing.T) {
	for _, s := range []snapshot.Snapshot{weightedRoute(), weightedRoute(0), weightedRoute(0, 0)} {
		w, _ := build(t, nil, s)
		if i, b := w.Next(firstRule(w), 0); i != -1 || b != nil {
			t.Error(i, b)
		}
	}
	s := weightedRoute(1)
	s.Routes[0].Rules[0].Backends[0].Backend = ""
	w, _ := build(t, nil, s)
	if i, b := w.Next(firstRule(w), 0); i != 0 || b != nil {
		t.Error(i, b)
	}
	s.Routes[0].Rules[0].Backends[0].Backend = "missing"
	if _, _, err := Build(nil, &s); err == nil {
		t.Error("a reference to a Backend that is not there is a bug")
	}
}

func TestATaskThatIsReplacedInItsSlotHandsItsKeysOn(t *testing.T) {
	slotted := func(tasks ...string) snapshot.Backend {
		b := snapshot.Backend{ID: "a", Name: "a"}
		for i, id := range tasks {
			b.Endpoints = append(b.Endpoints, snapshot.Endpoint{ID: id, Address: id + ":80", Slot: id[:1], Created: int64(i)})
		}
		return b
	}
	w, _ := build(t, nil, snapshot.Snapshot{Backends: []snapshot.Backend{slotted("1-old", "2-old", "3-old")}})
	pick := func(key string) string {
		return w.Backend("a").Pick(balance.Choice{Policy: balance.ConsistentHash, Key: balance.KeyOf(key)}, nil).Slot
	}
	before := map[string]string{}
	for i := range 50 {
		before[fmt.Sprint(i)] = pick(fmt.Sprint(i))
	}
	var c *Change
	w, c = build(t, w, snapshot.Snapshot{Backends: []snapshot.Backend{slotted("1-old", "2-old", "2-new", "3-old")}})
	c.Apply(health.NewMonitor(health.Config{}))
	for key, slot := range before {
		if pick(key) != slot {
			t.Errorf("%s went from slot %s to %s", key, slot, pick(key))
		}
	}
	if e := w.Backend("a").Find(balance.KeyOf("2"), nil); e == nil || e.ID != "2-new" {
		t.Error("the successor was not found in its slot:", e)
	}
}

func TestAKeyChoosesTheBackendToo(t *testing.T) {
	w, _ := build(t, nil, weightedRoute(1, 1))
	seen := map[int]bool{}
	for key := range 40 {
		first, _ := w.Next(firstRule(w), balance.Key(key+1))
		again, b := w.Next(firstRule(w), balance.Key(key+1))
		if first != again || b != w.Backend(fmt.Sprint(first)) {
			t.Errorf("key %d went to %d and then %d", key, first, again)
		}
		seen[first] = true
	}
	if len(seen) != 2 {
		t.Error("all keys went to one share")
	}
}

func firstRule(w *World) *routing.Rule {
	for r := range w.Table.Rules {
		return r
	}
	return nil
}
