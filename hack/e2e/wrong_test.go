package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/hack/rig"
)

// condition waits until the Route's Condition t has the status and reason.
func (o *operator) condition(t *testing.T, route, kind string, status v1alpha1.ConditionStatus, reason string) {
	t.Helper()
	rig.Eventually(t, 20*time.Second, fmt.Sprintf("%s: %s is %s with %s", route, kind, status, reason), func() error {
		out, code := o.cli(t, "", "get", "route", route, "-o", "json")
		var r v1alpha1.Route
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil {
			return fmt.Errorf("exit code %d, %v: %s", code, err, out)
		}
		c, ok := r.Status.Get(kind)
		if !ok || c.Status != status || c.Reason != reason {
			return fmt.Errorf("it is %+v", c)
		}
		return nil
	})
}

func TestWhatIsWrongIsToldAndNeighboursAreServed(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	n := r.Node(0)
	good, other := newPair(t, "demo.local", "demo.local"), newPair(t, "other.local", "other.local")
	createSecrets(t, n, "garbage.cert", "garbage.key", pair{"no certificate at all", "no key either"})
	createSecrets(t, n, "mixed.cert", "mixed.key", pair{good.cert, other.key})
	demoService(t, r, "demo", 1, "front")
	n.Docker(t, "network", "create", "--driver", "overlay", "back")
	demoService(t, r, "both", 1, "front", "--network", "back")
	o.apply(t, plain("good", "good.local", "demo"), "--wait", "--timeout=30s")
	neighbour := o.web("http", "good.local")
	gets := startLoad(t, neighbour, 20, get(neighbour, "/ping"))

	for _, c := range []struct {
		name, manifest, kind, reason string
		status                       v1alpha1.ConditionStatus
	}{
		{"no-service", plain("no-service", "a.local", "nobody"), v1alpha1.ResolvedRefs, v1alpha1.ReasonBackendNotFound, v1alpha1.False},
		{"no-secret", terminate("no-secret", "b.local", "lost.cert", "lost.key"), v1alpha1.ResolvedRefs, v1alpha1.ReasonSecretNotFound, v1alpha1.False},
		{"garbage", terminate("garbage", "c.local", "garbage.cert", "garbage.key"), v1alpha1.ResolvedRefs, v1alpha1.ReasonInvalidCertificateRef, v1alpha1.False},
		{"mixed", terminate("mixed", "d.local", "mixed.cert", "mixed.key"), v1alpha1.ResolvedRefs, v1alpha1.ReasonInvalidCertificateRef, v1alpha1.False},
		{"ambiguous", plain("ambiguous", "e.local", "both"), v1alpha1.ResolvedRefs, v1alpha1.ReasonNetworkAmbiguous, v1alpha1.False},
		{"copy", plain("copy", "good.local", "demo"), v1alpha1.Conflicted, v1alpha1.ReasonPathConflict, v1alpha1.True},
	} {
		o.apply(t, c.manifest)
		o.condition(t, c.name, c.kind, c.status, c.reason)
	}
	if _, code := o.cli(t, "", "status"); code != 1 {
		t.Errorf("status: exit code %d although Routes are not Ready", code)
	}

	for name, c := range map[string]struct{ manifest, want string }{
		"malformed YAML":   {"kind: [Route\n", "stdin:1"},
		"an unknown field": {strings.Replace(plain("x", "x.local", "demo"), "hosts:", "hots:", 1), "hots"},
		"a wrong type":     {strings.Replace(plain("x", "x.local", "demo"), "8080", "eighty", 1), "port"},
	} {
		if out, code := o.cli(t, c.manifest, "apply", "-f", "-"); code != 1 || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
	}

	// What comes into the store another way is told of as well.
	n.DockerInput(t, "kind: Route\nspec: [", "config", "create", "--label", "fairlead.dev/kind=Route", "--label", "fairlead.dev/name=broken", "byhand", "-")
	rig.Eventually(t, 20*time.Second, "the broken config is told of", func() error {
		out, _ := o.cli(t, "", "get", "routes")
		if !regexp.MustCompile(`(?m)^broken .* Invalid `).MatchString(out) {
			return fmt.Errorf("get routes says:\n%s", out)
		}
		return nil
	})
	gets.mustNotHaveFailed(t, "the neighbour")
	out, _ := o.cli(t, "", "get", "routes")
	t.Logf("get routes:\n%s", out)
}
