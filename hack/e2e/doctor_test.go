package e2e

import (
	"strings"
	"testing"

	"fairlead.dev/fairlead/hack/rig"
)

func TestTheDoctorFindsNothingAndThenAMissingSecret(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	demoService(t, r, "demo", 1, "demo")
	o := start(t, r, 0)
	o.apply(t, plain("demo", "demo.local", "demo"), "--wait", "--timeout=60s")
	ask := []string{"doctor", "--http", ":" + usual.http, "--https", ":" + usual.https}

	out := o.must(t, "", ask...)
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "ok ") && !strings.HasPrefix(line, "LEVEL ") {
			t.Errorf("not ok: %s", line)
		}
	}
	if strings.Count(out, "a data plane has it") != 2 {
		t.Errorf("the operator has both ports:\n%s", out)
	}

	o.apply(t, strings.Replace(plain("secure", "secure.local", "demo"), "spec:", "spec:\n  tls: {mode: Terminate, secretRefs: [{cert: lost.cert, key: lost.key}]}", 1))
	out, code := o.cli(t, "", ask...)
	if code != 1 || !strings.Contains(out, `fail    secrets        route/secure: secret "lost.cert" does not exist`) || strings.Count(out, "fail ") != 1 {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
