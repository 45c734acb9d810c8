package interlock

import (
	"strings"
	"testing"
	"time"
)

func TestNamesNeverCollide(t *testing.T) {
	long := strings.Repeat("a", 46)
	services := []string{
		"demo", "Demo", "demo-redirects", "demo-redirects-2", "demo-hosts-2", "demo_x", "demo.x", "demo-x", "demo--x",
		"demo-1a2b3c4d", long, long + "b", long + "c", "-", "--", "Ä",
	}
	seen := map[string]string{}
	for _, s := range services {
		for _, suffix := range []string{"", "redirects", "redirects-2", "hosts-2", "redirects-99"} {
			name := routeName(s, s, suffix)
			if other, ok := seen[name]; ok {
				t.Errorf("%s and %s are both %s", other, s, name)
			}
			seen[name] = s
			if len(name) > 63 {
				t.Errorf("%s is too long", name)
			}
		}
	}
	for service, want := range map[string]string{"demo": "lb-demo", "web-2": "lb-web-2", "demo_x": "lb-demo-x-"} {
		if got := routeName(service, service, ""); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s, not %s", service, got, want)
		}
	}
}

func TestTimesAreThoseOfNginx(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "10": 10 * time.Second, "0": 0, "1m30s": 90 * time.Second, "1m 30s": 90 * time.Second,
		"500ms": 500 * time.Millisecond, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "1M": 720 * time.Hour, "1y": 8760 * time.Hour,
	} {
		if got, err := parseTime(in); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "s", "-1s", "1.5s", "10 s x", "99999999999999999999", "12y", "1x"} {
		if got, err := parseTime(in); err == nil {
			t.Errorf("%s is %s, want an error", in, got)
		}
	}
}

func TestTheNearestLabelIsNamed(t *testing.T) {
	for in, want := range map[string]string{
		"com.docker.lb.defaul_backend": "com.docker.lb.default_backend",
		"com.docker.network":           "com.docker.lb.network",
		"com.docker.lb.Hosts":          "com.docker.lb.hosts",
		"com.docker.lb.sslcert":        "com.docker.lb.ssl_cert",
		"com.docker.lb.bypass":         "",
		"com.docker.stack.namespace":   "",
		"com.docker.stack.image":       "",
	} {
		if got := nearest(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
