package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func manifest(key, content string) Manifest {
	id := identityOf("Route", key)
	return Manifest{Kind: "Route", Namespace: id.namespace, Name: id.name, Data: []byte(content), AppliedBy: "me@here"}
}

func mustPut(t *testing.T, c *Configs, m Manifest) Record {
	t.Helper()
	r, err := c.Put(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustList(t *testing.T, c interface {
	List(context.Context) ([]*Record, error)
}) []*Record {
	t.Helper()
	records, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func TestAGenerationIsAConfigThatSaysAll(t *testing.T) {
	s := newFakeSwarm()
	now := time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.UTC)
	c := NewConfigs(s, ConfigsOptions{Now: func() time.Time { return now }})
	mustPut(t, c, manifest("shop/demo", "one"))
	now = now.Add(time.Hour)
	mustPut(t, c, manifest("shop/demo", "two"))

	if want := []string{"fairlead.route.shop.demo.1", "fairlead.route.shop.demo.2"}; !slices.Equal(s.names(), want) {
		t.Errorf("configs %v, want %v", s.names(), want)
	}
	got := mustList(t, c)
	want := []*Record{{
		ID: "id2", Version: 2, Kind: "Route", Namespace: "shop", Name: "demo", Generation: 2,
		Created: now.Add(-time.Hour), AppliedAt: now, AppliedBy: "me@here", Data: []byte("two"),
		Source: "config fairlead.route.shop.demo.2",
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPutOfWhatIsThereIsNoNewGeneration(t *testing.T) {
	c := NewConfigs(newFakeSwarm(), ConfigsOptions{})
	mustPut(t, c, manifest("demo", "one"))
	if r := mustPut(t, c, manifest("demo", "one")); r.Generation != 1 {
		t.Errorf("generation %d", r.Generation)
	}
	taken := manifest("demo", "one")
	taken.Origin = "manifests:dir"
	if r := mustPut(t, c, taken); r.Generation != 2 || r.Origin != "manifests:dir" {
		t.Errorf("another origin: %+v", r)
	}
}

func TestPutIsToldOfWhoCameFirst(t *testing.T) {
	s := newFakeSwarm()
	one, two := NewConfigs(s, ConfigsOptions{}), NewConfigs(s, ConfigsOptions{})
	late, err := one.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, two, manifest("demo", "theirs"))
	if _, err := late.Put(t.Context(), manifest("demo", "ours")); !errors.Is(err, ErrConflict) {
		t.Errorf("the second writer got %v", err)
	}
	m := manifest("demo", "ours")
	m.IfGeneration = 7
	if _, err := one.Put(t.Context(), m); !errors.Is(err, ErrConflict) {
		t.Errorf("another generation than expected gave %v", err)
	}
	m.IfGeneration = 1
	if r := mustPut(t, one, m); r.Generation != 2 {
		t.Errorf("generation %d", r.Generation)
	}
}

func TestOfManyWritersOneWinsEachGeneration(t *testing.T) {
	s := newFakeSwarm()
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[int64]string{}
	for w := range 8 {
		wg.Go(func() {
			c := NewConfigs(s, ConfigsOptions{})
			for i := 0; i < 20; {
				text := fmt.Sprintf("%d %d", w, i)
				r, err := c.Put(t.Context(), manifest("demo", text))
				if errors.Is(err, ErrConflict) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, ok := won[r.Generation]; ok {
					t.Errorf("generation %d is %q and %q", r.Generation, other, text)
				}
				won[r.Generation] = text
				mu.Unlock()
				i++
			}
		})
	}
	wg.Wait()
	if len(won) != 160 {
		t.Errorf("%d generations, want 160", len(won))
	}
}

func TestADeleteThatFailsHalfwayBringsNothingOldBack(t *testing.T) {
	s := newFakeSwarm()
	c := NewConfigs(s, ConfigsOptions{})
	for i := range 12 {
		mustPut(t, c, manifest("demo", fmt.Sprint(i)))
	}
	s.refuse = func(call string) error {
		if call == "remove fairlead.route.demo.5" {
			return errors.New("away")
		}
		return nil
	}
	if err := c.Delete(t.Context(), "Route", "demo"); err == nil {
		t.Fatal("no error")
	}
	if got := mustList(t, c); len(got) != 1 || got[0].Generation != 12 {
		t.Errorf("left %+v", got)
	}
	s.refuse = nil
	if err := c.Delete(t.Context(), "Route", "demo"); err != nil {
		t.Fatal(err)
	}
	if left := s.names(); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	if err := c.Delete(t.Context(), "Route", "demo"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a second delete gave %v", err)
	}
	if r := mustPut(t, c, manifest("demo", "new")); r.Generation != 1 {
		t.Errorf("after a delete the generation is %d", r.Generation)
	}
}

func TestHistoryIsNewestFirstAndPruned(t *testing.T) {
	c := NewConfigs(newFakeSwarm(), ConfigsOptions{})
	for i := range 13 {
		mustPut(t, c, manifest("demo", fmt.Sprint(i)))
	}
	if err := c.Prune(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	history, err := c.History(t.Context(), "Route", "demo")
	if err != nil || len(history) != DefaultHistory || history[0].Generation != 13 || history[9].Generation != 4 {
		t.Errorf("%d generations, %v", len(history), err)
	}
	if _, err := c.History(t.Context(), "Route", "other"); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestAnyLabelledConfigIsAnObject(t *testing.T) {
	s := newFakeSwarm()
	add := func(name, data string, labels map[string]string) {
		if _, err := s.CreateConfig(t.Context(), name, labels, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	add("shop_route", "metadata: {name: front}", map[string]string{LabelKind: "Route", LabelStack: "shop"})
	add("shop_other", "metadata: {name: back, namespace: mine}", map[string]string{LabelKind: "Route", LabelStack: "shop"})
	add("by-hand", "metadata: {name: x}", map[string]string{LabelKind: "Route", LabelName: "hand", LabelGeneration: "7"})
	add("careless", ": no yaml", map[string]string{LabelKind: "Route"})
	add("elsewhere", "metadata: {name: x}", map[string]string{"other": "1"})
	c := NewConfigs(s, ConfigsOptions{})
	var got []string
	for _, r := range mustList(t, c) {
		got = append(got, fmt.Sprintf("%s %d", r.Key(), r.Generation))
	}
	if want := []string{"careless 1", "hand 7", "mine/back 1", "shop/front 1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if r := mustPut(t, c, manifest("shop/front", "new")); r.Generation != 2 {
		t.Errorf("applied on top: generation %d", r.Generation)
	}
	if err := c.Delete(t.Context(), "Route", "shop/front"); err != nil {
		t.Error(err)
	}
}

func TestConfigsOfOneObjectWithoutGenerationCountByAge(t *testing.T) {
	s := newFakeSwarm()
	labels := map[string]string{LabelKind: "Route", LabelStack: "shop"}
	for _, name := range []string{"shop_r1", "shop_r2", "shop_r3"} {
		if _, err := s.CreateConfig(t.Context(), name, labels, []byte("metadata: {name: front}")); err != nil {
			t.Fatal(err)
		}
	}
	got := mustList(t, NewConfigs(s, ConfigsOptions{}))
	if len(got) != 1 || got[0].Source != "config shop_r3" || got[0].Generation != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestStatusIsWrittenOnceAndKeepsTheOtherLabels(t *testing.T) {
	s := newFakeSwarm()
	if _, err := s.CreateConfig(t.Context(), "demo", map[string]string{LabelKind: "Route", "team": "blue"}, nil); err != nil {
		t.Fatal(err)
	}
	c := NewConfigs(s, ConfigsOptions{})
	status := v1alpha1.Status{ReadyEndpoints: 2, Conditions: []v1alpha1.Condition{{Type: "Ready", Status: "True", LastTransitionTime: time.Unix(5, 0).UTC()}}}
	old := mustList(t, c)[0]
	if err := c.WriteStatus(t.Context(), old, status); err != nil {
		t.Fatal(err)
	}
	now := mustList(t, c)[0]
	if d := cmp.Diff(&status, now.Status); d != "" {
		t.Error(d)
	}
	if s.label("demo", "team") != "blue" || s.label("demo", LabelKind) != "Route" {
		t.Error("another label is gone")
	}
	if err := c.WriteStatus(t.Context(), now, status); err != nil || s.updates != 1 {
		t.Errorf("an equal status was written: %d updates, %v", s.updates, err)
	}
	if err := c.WriteStatus(t.Context(), old, v1alpha1.Status{}); !errors.Is(err, ErrConflict) {
		t.Errorf("a stale record gave %v", err)
	}
	if err := c.WriteStatus(t.Context(), &Record{ID: "gone"}, v1alpha1.Status{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a record of nothing gave %v", err)
	}
}

func TestANewGenerationKeepsTheStatusUntilItHasItsOwn(t *testing.T) {
	c := NewConfigs(newFakeSwarm(), ConfigsOptions{})
	mustPut(t, c, manifest("demo", "one"))
	status := v1alpha1.Status{Conditions: []v1alpha1.Condition{{Type: "Ready", Status: "True", ObservedGeneration: 1}}}
	if err := c.WriteStatus(t.Context(), mustList(t, c)[0], status); err != nil {
		t.Fatal(err)
	}
	mustPut(t, c, manifest("demo", "two"))
	got := mustList(t, c)[0]
	if !got.Status.Is("Ready", 1) || got.Status.Is("Ready", 2) {
		t.Errorf("status %+v", got.Status)
	}
}

func TestReadIsListForThoseWhoListThemselves(t *testing.T) {
	s := newFakeSwarm()
	c := NewConfigs(s, ConfigsOptions{})
	mustPut(t, c, manifest("demo", "one"))
	mustPut(t, c, manifest("demo", "two"))
	mustPut(t, c, manifest("other", "one"))
	configs, err := s.ListConfigs(t.Context(), LabelKind)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Read(configs)
	if len(got) != 2 || len(got[0]) != 2 || got[0][0].Generation != 2 || got[1][0].Name != "other" {
		t.Errorf("read %+v", got)
	}
	if err := c.WriteStatus(t.Context(), &got[0][0], v1alpha1.Status{ReadyEndpoints: 1}); err != nil {
		t.Error(err)
	}
}

func TestLongNamesFitAndDiffer(t *testing.T) {
	long := strings.Repeat("a", 62)
	seen := map[string]string{}
	for _, object := range [][2]string{{"", long + "b"}, {"", long + "c"}, {"stack", long}, {strings.Repeat("s", 63), long + "b"}} {
		for _, generation := range []int64{1, 9, 10, 123456789} {
			name := configName("Route", object[0], object[1], generation)
			if len(name) > maxName || name != configName("Route", object[0], object[1], generation) {
				t.Errorf("%s has %d characters", name, len(name))
			}
			if other, ok := seen[name]; ok {
				t.Errorf("%v and %s are both %s", object, other, name)
			}
			seen[name] = object[0] + "/" + object[1]
		}
	}
	if got := configName("Route", "shop", "demo", 3); got != "fairlead.route.shop.demo.3" {
		t.Errorf("a short one is %s", got)
	}
}

// TestAgainstAModel does random things to objects, from two processes, and
// compares with a map.
func TestAgainstAModel(t *testing.T) {
	type object struct {
		generation int64
		data       string
	}
	rapid.Check(t, func(t *rapid.T) {
		s := newFakeSwarm()
		stores := []*Configs{NewConfigs(s, ConfigsOptions{}), NewConfigs(s, ConfigsOptions{})}
		model := map[string]object{}
		ctx := context.Background()
		key := rapid.SampledFrom([]string{"a", "b", "ns/a"})
		pick := func(t *rapid.T) (*Configs, string) {
			return rapid.SampledFrom(stores).Draw(t, "store"), key.Draw(t, "key")
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				c, k := pick(t)
				text := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "text")
				want := model[k]
				if want.data != text {
					want = object{want.generation + 1, text}
				}
				r, err := c.Put(ctx, manifest(k, text))
				if err != nil || r.Generation != want.generation {
					t.Fatalf("put: generation %d, %v; want %d", r.Generation, err, want.generation)
				}
				model[k] = want
			},
			"delete": func(t *rapid.T) {
				c, k := pick(t)
				_, there := model[k]
				if err := c.Delete(ctx, "Route", k); errors.Is(err, ErrNotFound) == there {
					t.Fatalf("delete: %v", err)
				}
				delete(model, k)
			},
			"prune": func(t *rapid.T) {
				c, _ := pick(t)
				if err := c.Prune(ctx, 2); err != nil || len(s.names()) > 2*len(model) {
					t.Fatalf("prune: %v left, %v", s.names(), err)
				}
			},
			"status": func(t *rapid.T) {
				c, _ := pick(t)
				records, err := c.List(ctx)
				for _, r := range records {
					err = errors.Join(err, c.WriteStatus(ctx, r, v1alpha1.Status{ReadyEndpoints: int(r.Generation)}))
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				records, err := stores[0].List(ctx)
				if err != nil || len(records) != len(model) {
					t.Fatalf("list: %d objects, %v; want %d", len(records), err, len(model))
				}
				for _, r := range records {
					if got := (object{r.Generation, string(r.Data)}); got != model[r.Key()] {
						t.Fatalf("%s is %+v, want %+v", r.Key(), got, model[r.Key()])
					}
				}
			},
		})
	})
}
