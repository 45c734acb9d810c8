package swarm

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"fairlead.dev/fairlead/hack/rig"
	"fairlead.dev/fairlead/reconcile/plan"
)

// socketsFolder is one that the node's engine can mount.
func socketsFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fairlead-swarm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestActionsThatAreDoneAlreadyAreNoErrors(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	n := r.Node(0)
	image := r.Image(t, "fairlead", rig.Build(t, "./controller"))
	network := n.Docker(t, "network", "create", "--driver", "overlay", "front")
	secret := n.DockerInput(t, "bytes", "secret", "create", "web.key", "-")
	c := dial(t, n.Host())
	home, err := c.FindHome(t.Context(), socketsFolder(t), image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Reset(t) }) // before the folder goes
	if home.NodeID == "" || home.TaskID != "" || len(home.Attached) != 0 || home.Tenders.Scope != home.NodeID || home.Tenders.Image != image {
		t.Errorf("home %+v", home)
	}
	for _, tender := range []*plan.Tender{
		{Name: "tender-front", Spec: home.Tenders, Network: network},
		{Name: "tender-secrets", Spec: home.Tenders, Secrets: []plan.Secret{{ID: secret, Name: "web.key"}}},
	} {
		var both sync.WaitGroup
		for range 2 { // as two operators do, who have the same plan
			both.Go(func() {
				if err := c.Act(t.Context(), plan.Action{CreateTender: tender}); err != nil {
					t.Errorf("create: %v", err)
				}
			})
		}
		both.Wait()
		if err := c.Act(t.Context(), plan.Action{CreateTender: tender}); err != nil {
			t.Errorf("create again: %v", err)
		}
		r.WaitTasks(t, tender.Name, 1)
		w, err := c.World(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := serviceNamed(w, tender.Name)
		if len(w.Services) != 1 || s.Labels[plan.LabelTender] != home.NodeID || s.Labels[plan.LabelTenderNetwork] != tender.Network {
			t.Errorf("services %+v", w.Services)
		}
		if tender.Network == "" && s.Labels[plan.LabelTenderSecrets] != secret {
			t.Errorf("labels %+v", s.Labels)
		}
		for range 2 {
			if err := c.Act(t.Context(), plan.Action{RemoveTender: &plan.TenderRef{ServiceID: s.ID, Name: s.Name}}); err != nil {
				t.Errorf("remove: %v", err)
			}
		}
	}
	lost := &plan.Tender{Name: "tender-lost", Spec: home.Tenders, Secrets: []plan.Secret{{ID: "nosuchsecret", Name: "gone"}}}
	if err := c.Act(t.Context(), plan.Action{CreateTender: lost}); err == nil || !strings.Contains(err.Error(), "tender tender-lost") {
		t.Errorf("a secret that is gone: %v", err)
	}
}

func TestAnExecutableThatIsNotStaticIsToldOfBeforeAnyTenderIsCreated(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	wanted := checkStatic(binary) // by how this test was built
	home, err := dial(t, r.Node(0).Host()).FindHome(t.Context(), socketsFolder(t), "")
	if wanted == nil {
		if err != nil || home.Tenders.Image == "" {
			t.Errorf("a static one: %+v, %v", home, err)
		}
		return
	}
	if !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("%v", err)
	}
	if made := r.Node(0).Docker(t, "image", "ls", "--quiet", "--filter", "label="+labelExecutable); made != "" {
		t.Errorf("an image was made all the same: %s", made)
	}
}

func TestASecretIsCreatedOnce(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	c := dial(t, r.Node(0).Host())
	create := plan.Action{CreateSecret: &plan.NewSecret{Name: "fairlead.sessions.1", Size: 32}}
	var both sync.WaitGroup
	for range 2 { // as two operators do, who have the same plan
		both.Go(func() {
			if err := c.Act(t.Context(), create); err != nil {
				t.Errorf("create: %v", err)
			}
		})
	}
	both.Wait()
	w, err := c.World(t.Context())
	if err != nil || len(w.Secrets) != 1 || w.Secrets[0].Name != "fairlead.sessions.1" {
		t.Errorf("secrets are %v, %v", w.Secrets, err)
	}
}
