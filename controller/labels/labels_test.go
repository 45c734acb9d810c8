package labels

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/interlock"
	"fairlead.dev/fairlead/reconcile/plan"
)

func world(labels map[string]string) *plan.World {
	return &plan.World{
		Swarm:    true,
		Networks: []plan.Network{{ID: "n1", Name: "shop_front"}, {ID: "n0", Name: "ingress", Ingress: true}},
		Services: []plan.Service{
			{ID: "s1", Name: "shop_web", Networks: []string{"n1", "n0", "gone"}, Labels: labels},
			{ID: "s2", Name: "quiet", Networks: []string{"n1"}},
		},
	}
}

// decoded is what the labels of one service become on their way through the store.
func decoded(t *testing.T, labels map[string]string) []*plan.Object {
	t.Helper()
	labels[labelStack] = "shop"
	records, err := Records(world(labels))
	if err != nil {
		t.Fatal(err)
	}
	var objects []*plan.Object
	for _, r := range records {
		if r.Source != "service shop_web" || r.Namespace != "shop" || r.Kind != v1alpha1.KindRoute {
			t.Errorf("record %+v", r)
		}
		r.Origin, r.Generation, r.Created = Origin, 3, time.Unix(7, 0)
		objects = append(objects, Decode(r))
	}
	return objects
}

func TestLabelsBecomeARouteOfTheirService(t *testing.T) {
	objects := decoded(t, map[string]string{
		interlock.Prefix + "hosts": "shop.local", interlock.Prefix + "port": "8080",
		interlock.Prefix + "network": "front", interlock.Prefix + "prot": "1", interlock.Prefix + "websocket_endpoints": "/ws",
	})
	if len(objects) != 1 {
		t.Fatalf("%d objects", len(objects))
	}
	o := objects[0]
	if !o.FromLabels || o.Key != "shop/lb-web" || o.Generation != 3 || !o.Created.Equal(time.Unix(7, 0)) || o.Route == nil || len(o.Problems) > 0 {
		t.Fatalf("%+v", o)
	}
	if o.Route.Metadata.Annotations[AnnotationService] != "shop_web" || o.Route.Metadata.Namespace != "shop" {
		t.Errorf("metadata %+v", o.Route.Metadata)
	}
	if b := o.Route.Spec.Backend; b == nil || b.Service != "web" || b.Port != 8080 || b.Network != "front" {
		t.Errorf("backend %+v", b)
	}
	if len(o.Ignored) != 1 || !strings.Contains(o.Ignored[0].Message, "com.docker.lb.prot") || !strings.Contains(o.Ignored[0].Message, "com.docker.lb.port") {
		t.Errorf("ignored %+v", o.Ignored)
	}
	if !slices.ContainsFunc(o.Notes, func(n string) bool { return strings.Contains(n, "websocket_endpoints") }) {
		t.Errorf("notes %q", o.Notes)
	}
}

func TestLabelsThatMakeNoRouteAreAnObjectThatSaysWhy(t *testing.T) {
	objects := decoded(t, map[string]string{interlock.Prefix + "hosts": "shop.local", interlock.Prefix + "port": "abc"})
	if len(objects) != 1 {
		t.Fatalf("%d objects", len(objects))
	}
	o := objects[0]
	if o.Route != nil || o.Key != "shop/lb-web" || len(o.Problems) == 0 || !strings.Contains(o.Problems[0].Message, `"abc"`) {
		t.Errorf("%+v", o)
	}
}

func TestOnlyWhatTheLabelsMadeIsReadAsThat(t *testing.T) {
	r := store.Record{Kind: "Route", Name: "mine", Generation: 1, Data: []byte(`
apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata:
  name: mine
  annotations: {fairlead.dev/labels: '{"fatal":[{"message":"no"}],"notes":["n"]}'}
spec:
  hosts: [mine.local]
  backend: {addresses: ["10.0.0.1:80"]}
`)}
	if o := Decode(&r); o.Route == nil || o.FromLabels || o.Notes != nil || len(o.Problems) > 0 {
		t.Errorf("%+v", o)
	}
}

func TestServicesWithoutLabelsAskForNothing(t *testing.T) {
	records, err := Records(world(map[string]string{"other": "x"}))
	if err != nil || len(records) != 0 {
		t.Errorf("%d records, %v", len(records), err)
	}
}
