package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// A small world of few names, so that they collide.
var (
	someHosts    = []string{"a.local", "b.local", "*.local", "*"}
	somePaths    = []string{"/", "/x", "/x/y"}
	someNames    = []string{"web", "api", "shop_api", "gone"}
	someNetworks = []string{"n1", "n2"}
	someSecrets  = []string{"cert", "key", "shop_cert", "lost"}
)

func drawInput(t *rapid.T) Input {
	in := Input{Now: time.Unix(1_700_000_000, 0), Tenders: &TenderSpec{Scope: "here"}}
	in.World = drawWorld(t)
	for i := range rapid.IntRange(0, 6).Draw(t, "objects") {
		in.Objects = append(in.Objects, drawObject(t, i))
	}
	served := Compute(in).Snapshot
	if rapid.Bool().Draw(t, "reported") {
		report := snapshot.Report{Plane: "p", Version: served.Version}
		for _, c := range served.Certificates {
			state := rapid.SampledFrom([]snapshot.CertificateState{snapshot.CertificateLoaded, snapshot.CertificatePending, snapshot.CertificateInvalid}).Draw(t, "state")
			report.Certificates = append(report.Certificates, snapshot.CertificateReport{ID: c.ID, State: state, NotAfter: in.Now.Add(time.Hour)})
		}
		in.Reports = []snapshot.Report{report}
	}
	return in
}

func drawWorld(t *rapid.T) World {
	w := World{Swarm: rapid.Bool().Draw(t, "swarm")}
	for _, id := range someNetworks {
		w.Networks = append(w.Networks, Network{ID: id, Name: "net-" + id})
	}
	for _, name := range someNames[:3] {
		s := Service{ID: "id-" + name, Name: name, Networks: rapid.SliceOfNDistinct(rapid.SampledFrom(someNetworks), 0, 2, rapid.ID).Draw(t, "networks")}
		w.Services = append(w.Services, s)
		for i := range rapid.IntRange(0, 3).Draw(t, "tasks") {
			task := Task{ID: fmt.Sprint("t", i, name), ServiceID: s.ID, Running: rapid.Bool().Draw(t, "running")}
			for _, n := range s.Networks {
				task.Addresses = append(task.Addresses, TaskAddress{Network: n, IP: fmt.Sprint("10.0.0.", len(w.Tasks)+1)})
			}
			w.Tasks = append(w.Tasks, task)
		}
	}
	for _, name := range someSecrets[:3] {
		w.Secrets = append(w.Secrets, Secret{ID: "x-" + name, Name: name})
	}
	if rapid.Bool().Draw(t, "tender") {
		w.Services = append(w.Services, Service{ID: "tender", Name: "tender", Labels: map[string]string{
			LabelTender: "here", LabelTenderSecrets: rapid.SampledFrom([]string{"x-cert,x-key", "x-cert,x-old", "x-old"}).Draw(t, "held")}})
	}
	return w
}

func drawObject(t *rapid.T, i int) *Object {
	name := fmt.Sprint("r", i)
	r := &v1alpha1.Route{Metadata: v1alpha1.ObjectMeta{Name: name, Namespace: rapid.SampledFrom([]string{"", "shop"}).Draw(t, "namespace")}}
	r.Spec.Hosts = rapid.SliceOfNDistinct(rapid.SampledFrom(someHosts), 1, 2, rapid.ID).Draw(t, "hosts")
	switch rapid.IntRange(0, 2).Draw(t, "tls") {
	case 1:
		r.Spec.TLS = &v1alpha1.RouteTLS{Mode: v1alpha1.TLSTerminate, SecretRefs: []v1alpha1.SecretRef{{
			Cert: rapid.SampledFrom(someSecrets).Draw(t, "cert"), Key: rapid.SampledFrom(someSecrets).Draw(t, "key")}}}
	case 2:
		r.Spec.TLS = &v1alpha1.RouteTLS{Mode: v1alpha1.TLSPassthrough}
	}
	for range rapid.IntRange(0, 2).Draw(t, "rules") {
		r.Spec.Rules = append(r.Spec.Rules, v1alpha1.Rule{
			Matches:  []v1alpha1.Match{{Path: &v1alpha1.PathMatch{Value: rapid.SampledFrom(somePaths).Draw(t, "path")}}},
			Backends: []v1alpha1.Backend{drawBackend(t)},
		})
		if rapid.IntRange(0, 3).Draw(t, "mirrored") == 0 {
			last := &r.Spec.Rules[len(r.Spec.Rules)-1]
			last.Filters = []v1alpha1.Filter{{Type: v1alpha1.FilterRequestMirror, RequestMirror: &v1alpha1.RequestMirror{Backend: drawBackend(t)}}}
		}
	}
	if len(r.Spec.Rules) > 0 && rapid.Bool().Draw(t, "session") {
		r.Spec.Rules[0].SessionPersistence = &v1alpha1.SessionPersistence{SessionName: "s"}
	}
	if len(r.Spec.Rules) == 0 {
		b := drawBackend(t)
		r.Spec.Backend = &b
	}
	o := &Object{Key: r.Metadata.Key(), Generation: 1, Created: time.Unix(int64(rapid.IntRange(0, 3).Draw(t, "created")), 0), Route: r}
	o.FromLabels = rapid.Bool().Draw(t, "labels")
	if rapid.IntRange(0, 5).Draw(t, "broken") == 0 {
		o.Route = nil
	}
	return o
}

func drawBackend(t *rapid.T) v1alpha1.Backend {
	b := v1alpha1.Backend{Service: rapid.SampledFrom(someNames).Draw(t, "service"), Port: 80}
	if rapid.IntRange(0, 3).Draw(t, "secure") == 0 {
		b.Protocol, b.TLS = v1alpha1.ProtocolHTTPS, &v1alpha1.BackendTLS{Hostname: "a", CASecretRefs: []string{rapid.SampledFrom(someSecrets).Draw(t, "authority")}}
	}
	return b
}

func TestAnyOrderOfTheInputGivesTheSamePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		want := Compute(in)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffle(random, in.Objects)
		shuffle(random, in.World.Services)
		shuffle(random, in.World.Tasks)
		shuffle(random, in.World.Networks)
		shuffle(random, in.World.Secrets)
		if diff := cmp.Diff(want, Compute(in)); diff != "" {
			t.Fatalf("another order, another Plan:\n%s", diff)
		}
	})
}

func shuffle[T any](random *rand.Rand, items []T) {
	random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
}

func TestEveryObjectGetsExactlyOneStatusWithTheFourConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := Compute(in)
		if len(p.Statuses) != len(in.Objects) {
			t.Fatalf("%d statuses for %d objects", len(p.Statuses), len(in.Objects))
		}
		for i, s := range p.Statuses {
			if i > 0 && p.Statuses[i-1].Key >= s.Key {
				t.Fatalf("statuses are not sorted: %s, %s", p.Statuses[i-1].Key, s.Key)
			}
			seen := map[string]int{}
			for _, c := range s.Status.Conditions {
				seen[c.Type]++
				if seen[c.Type] > 1 || c.ObservedGeneration == 0 || c.Reason == "" || c.LastTransitionTime.IsZero() {
					t.Fatalf("%s: %+v", s.Key, c)
				}
			}
			for _, c := range []string{v1alpha1.Accepted, v1alpha1.ResolvedRefs, v1alpha1.Programmed, v1alpha1.Ready} {
				if seen[c] != 1 {
					t.Fatalf("%s has %d Conditions %s", s.Key, seen[c], c)
				}
			}
		}
	})
}

func TestEveryEndpointIsARunningTaskAndEveryReferenceIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		s := Compute(in).Snapshot
		running := map[string]bool{}
		for _, task := range in.World.Tasks {
			running[task.ID] = task.Running
		}
		backends := map[string]bool{"": true}
		for _, b := range s.Backends {
			backends[b.ID] = true
			for _, e := range b.Endpoints {
				if !running[e.ID] {
					t.Fatalf("endpoint %s is no running task", e.ID)
				}
			}
		}
		certificates := map[string]bool{}
		for _, c := range s.Certificates {
			certificates[c.ID] = true
		}
		for _, b := range s.Backends {
			if b.TLS != nil && !certificates[b.TLS.Authorities[0]] {
				t.Fatalf("backend %s names an authority that is not there", b.ID)
			}
		}
		for _, r := range s.Routes {
			if len(r.Hosts) == 0 || len(r.Rules) == 0 {
				t.Fatalf("route %s serves nothing", r.Key)
			}
			for _, id := range r.Certificates {
				if !certificates[id] {
					t.Fatalf("route %s names certificate %s, which is not there", r.Key, id)
				}
			}
			for _, rule := range r.Rules {
				for _, m := range rule.Mirrors {
					if !backends[m.Backend] {
						t.Fatalf("route %s names mirror %s, which is not there", r.Key, m.Backend)
					}
				}
				for _, b := range rule.Backends {
					if !backends[b.Backend] {
						t.Fatalf("route %s names backend %s, which is not there", r.Key, b.Backend)
					}
				}
			}
		}
	})
}

func TestWhatAnActionDoesIsNotDoneTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		for range 4 { // create, replace, remove the old one, rest
			p := Compute(in)
			carryOut(&in.World, p.Actions)
			in.Reports = []snapshot.Report{{Plane: "p", Version: p.Snapshot.Version, Certificates: allLoaded(p.Snapshot)}}
		}
		if p := Compute(in); len(p.Actions) != 0 {
			t.Fatalf("still to do: %+v", p.Actions)
		}
	})
}

// carryOut does to w what actions say.
func carryOut(w *World, actions []Action) {
	for _, a := range actions {
		if s := a.CreateSecret; s != nil {
			made := Secret{ID: "x-" + s.Name, Name: s.Name}
			if s.Certificate != nil {
				made.Certificate, made.Issued, made.Cluster = s.Certificate.Certificate, s.Certificate.Issued, s.Cluster
			}
			w.Secrets = append(w.Secrets, made)
			continue
		}
		if s := a.RemoveSecret; s != nil {
			w.Secrets = slices.DeleteFunc(w.Secrets, func(other Secret) bool { return other.ID == s.ID })
			continue
		}
		if t := a.CreateTender; t != nil {
			labels := map[string]string{LabelTender: t.Spec.Scope, LabelTenderNetwork: t.Network, LabelTenderSecrets: ""}
			for i, s := range t.Secrets {
				if i > 0 {
					labels[LabelTenderSecrets] += ","
				}
				labels[LabelTenderSecrets] += s.ID
			}
			w.Services = append(w.Services, Service{ID: "id-" + t.Name, Name: t.Name, Labels: labels})
			w.Tasks = append(w.Tasks, Task{ID: "task-" + t.Name, ServiceID: "id-" + t.Name, Running: true})
			continue
		}
		w.Services = slices.DeleteFunc(w.Services, func(s Service) bool { return s.ID == a.RemoveTender.ServiceID })
	}
}

func allLoaded(s *snapshot.Snapshot) []snapshot.CertificateReport {
	var out []snapshot.CertificateReport
	for _, c := range s.Certificates {
		out = append(out, snapshot.CertificateReport{ID: c.ID, State: snapshot.CertificateLoaded, NotAfter: time.Unix(4e9, 0)})
	}
	return out
}

func TestADecisionMadeOfTheLastOneIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var last *Decision
		var objects []*Object
		var served []*snapshot.Snapshot
		for range rapid.IntRange(2, 5).Draw(t, "passes") {
			in := drawInput(t)
			in.Objects = drawNext(t, objects, in.Objects)
			objects = in.Objects
			last = last.Next(in)
			if diff := cmp.Diff(Compute(in), last.Plan(in.Reports)); diff != "" {
				t.Fatalf("made of the last one, another Plan:\n%s", diff)
			}
			for _, s := range served {
				if s.Seal().Version != s.Version {
					t.Fatal("a Snapshot that was given away was edited")
				}
			}
			served = append(served, last.Snapshot)
		}
	})
}

// drawNext takes some objects as they were, and some as they are drawn now.
func drawNext(t *rapid.T, last, drawn []*Object) []*Object {
	next := slices.Clone(drawn)
	for i := range next {
		if i < len(last) && rapid.Bool().Draw(t, "same") {
			next[i] = last[i]
		}
	}
	return next
}
