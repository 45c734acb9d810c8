package main

import (
	"errors"
	"testing"

	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// listObjects is what o makes of the store, which must answer.
func listObjects(t *testing.T, o *objects) map[string]*plan.Object {
	t.Helper()
	list, err := o.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[string]*plan.Object{}
	for _, object := range list {
		byKey[object.Key] = object
	}
	return byKey
}

func TestAGenerationIsDecodedOnce(t *testing.T) {
	f := &fakeStore{}
	f.put(route("a", 1, "a.local"))
	f.put(route("b", 1, "b.local"))
	f.relist()
	o := &objects{store: f}
	before := listObjects(t, o)
	f.put(route("b", 2, "new.local"))
	f.relist()
	after := listObjects(t, o)
	if before["a"].Route == nil || before["a"].Route != after["a"].Route {
		t.Error("an unchanged generation was decoded again")
	}
	if got := after["b"].Route; got == nil || got == before["b"].Route || got.Spec.Hosts[0] != "new.local" {
		t.Errorf("a new generation is %+v", got)
	}
}

func TestAStatusOfAnotherVersionCountsAtOnce(t *testing.T) {
	f := &fakeStore{}
	f.put(route("a", 1, "a.local"))
	f.relist()
	o := &objects{store: f}
	listObjects(t, o)
	r := route("a", 1, "a.local")
	s := statusOf("a", 1, "True").Status
	r.Version, r.Status = 11, &s
	f.put(r)
	f.relist()
	if got := listObjects(t, o)["a"].Status; got != &s {
		t.Errorf("status %+v", got)
	}
	if got, ok := o.record("", "a"); !ok || got.Version != 11 {
		t.Errorf("record %+v, %v", got, ok)
	}
}

func TestWhereAGenerationDoesNotDecodeTheLastGoodOneIsFound(t *testing.T) {
	f := &fakeStore{history: map[string][]store.Record{
		"a": {broken("a", 4), broken("a", 3), route("a", 2, "two.local"), route("a", 1, "one.local"), route("a", 5, "later.local")},
	}}
	f.put(broken("a", 4))
	f.put(broken("b", 1))
	f.relist()
	o := &objects{store: f}
	got := listObjects(t, o)
	if a := got["a"]; a.Route != nil || len(a.Problems) == 0 || a.LastGood == nil || a.LastGood.Generation != 2 || a.LastGood.Route.Spec.Hosts[0] != "two.local" {
		t.Errorf("a is %+v", a)
	}
	if b := got["b"]; b.Route != nil || len(b.Problems) == 0 || b.LastGood != nil {
		t.Errorf("b is %+v", b)
	}
	asked := f.asked
	listObjects(t, o)
	if f.asked != asked {
		t.Error("the history of what does not decode is asked for on every pass")
	}
}

func TestWhatCannotBeListedLeavesWhatWasListedLast(t *testing.T) {
	f := &fakeStore{}
	f.put(route("a", 1, "a.local"))
	f.relist()
	o := &objects{store: f}
	listObjects(t, o)
	f.fail(errAway)
	if list, err := o.Objects(t.Context()); !errors.Is(err, errAway) || list != nil {
		t.Errorf("%v, %v", list, err)
	}
	if len(o.all()) != 1 {
		t.Errorf("what was listed last is %v", o.all())
	}
	if views := viewObjects(o); len(views) != 1 || views[0].Key != "a" || views[0].Hosts[0] != "a.local" {
		t.Errorf("the admin interface shows %+v", views)
	}
}

func TestObjectsOfOtherKindsAreNotRoutes(t *testing.T) {
	f := &fakeStore{}
	issuer := record("ca", 1, "kind: Issuer")
	issuer.Kind = "Issuer"
	f.put(issuer)
	f.relist()
	if got := listObjects(t, &objects{store: f}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestTheStacksNamespaceIsTheRoutes(t *testing.T) {
	f := &fakeStore{}
	r := route("web", 1, "a.local")
	r.Namespace = "shop"
	f.put(r)
	f.relist()
	got, ok := listObjects(t, &objects{store: f})["shop/web"]
	if !ok || got.Route.Metadata.Namespace != "shop" {
		t.Errorf("%+v", got)
	}
}
