package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// deploy deploys one of the examples of Interlock's labels as a stack, as it
// stands there but for the image, with the files that it names in files.
func deploy(t *testing.T, r *rig.Rig, stack, example string, files map[string]string) {
	t.Helper()
	compose, err := os.ReadFile(filepath.Join("../../manifests/examples/interlock", example+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	deployText(t, r, stack, string(compose), files)
}

func deployText(t *testing.T, r *rig.Rig, stack, compose string, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	compose = strings.ReplaceAll(compose, "image: fairlead/demo", "image: "+image)
	files = mapsWith(files, "compose.yaml", compose)
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.Node(0).Docker(t, "stack", "deploy", "--resolve-image", "never", "-c", filepath.Join(dir, "compose.yaml"), stack)
}

// removeStack removes a stack, and what the first time left behind.
func removeStack(t *testing.T, r *rig.Rig, stack string) {
	t.Helper()
	rig.Eventually(t, time.Minute, "stack "+stack+" is gone", func() error {
		if _, err := r.Node(0).Try(t.Context(), "stack", "rm", stack); err != nil {
			return err
		}
		for _, kind := range []string{"service", "network", "secret"} {
			left, err := r.Node(0).Try(t.Context(), kind, "ls", "--quiet", "--filter", "label=com.docker.stack.namespace="+stack)
			if err != nil || strings.TrimSpace(left) != "" {
				return fmt.Errorf("%ss are left: %s, %w", kind, left, err)
			}
		}
		return nil
	})
}

func mapsWith(m map[string]string, key, value string) map[string]string {
	all := map[string]string{key: value}
	for k, v := range m {
		all[k] = v
	}
	return all
}

func TestTheStacksOfTheInterlockDocumentsAnswerAsTheyShow(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	p := newPair(t, "app.example.org", "app.example.org")
	files := map[string]string{"app.example.org.cert": p.cert, "app.example.org.key": p.key}

	deploy(t, r, "demo", "tls-terminate", files)
	c := o.web("https", "app.example.org")
	t.Logf("first 200 %v after the stack was deployed", until200(t, c, "/ping"))
	got, resp := c.ping(t)
	if cn := resp.TLS.PeerCertificates[0].Subject.CommonName; cn != "app.example.org" {
		t.Errorf("certificate for %q", cn)
	}
	if got.Metadata != "proxy-handles-tls" || got.RequestID == "" || got.RequestID != resp.Header.Get("X-Request-Id") {
		t.Errorf("the application saw %+v, the answer carries %v", got, resp.Header)
	}
	for _, name := range []string{"X-Request-Id", "X-Proxy-Id", "X-Server-Info", "X-Upstream-Addr", "X-Upstream-Response-Time"} {
		if resp.Header.Get(name) == "" {
			t.Errorf("the answer lacks %s: %v", name, resp.Header)
		}
	}
	if err := o.web("http", "app.example.org").ok("/ping"); err != nil {
		t.Errorf("in the clear, as with Interlock: %v", err)
	}
	until(t, o, "demo/lb-demo", "Ready")
	removeStack(t, r, "demo")

	deploy(t, r, "demo", "tls-passthrough", files)
	rig.Eventually(t, time.Minute, "the service's own TLS is passed through", func() error {
		c.CloseIdleConnections() // which are those that were terminated
		if err := c.ok("/ping"); err != nil {
			return err
		}
		if got, _ := c.ping(t); got.Metadata != "end-to-end-TLS" {
			return fmt.Errorf("metadata %q", got.Metadata)
		}
		return nil
	})
	got, resp = c.ping(t)
	if got.RequestID != "" {
		t.Errorf("the application saw %+v, want nothing added", got)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "X-") {
			t.Errorf("the answer carries %s", name)
		}
	}
}

func TestTheCommandsOfTheInterlockDocumentsAnswerAsTheyShow(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	n, image := r.Node(0), r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	c := o.web("https", "demo.local")

	createSecrets(t, n, "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	n.Docker(t, "network", "create", "-d", "overlay", "demo")
	n.Docker(t, "service", "create", "--detach", "--name", "demo", "--network", "demo",
		"--label", "com.docker.lb.hosts=demo.local", "--label", "com.docker.lb.port=8080",
		"--label", "com.docker.lb.ssl_cert=demo.local.cert", "--label", "com.docker.lb.ssl_key=demo.local.key", image)
	t.Logf("first 200 %v after the service was made", until200(t, c, "/ping"))
	got, resp := c.ping(t)
	if subject := resp.TLS.PeerCertificates[0].Subject; subject.CommonName != "demo.local" || len(subject.Organization) != 1 || subject.Organization[0] != "Interlock" {
		t.Errorf("certificate of %s", subject)
	}
	if id := resp.Header.Get("X-Request-Id"); len(id) != 32 || id != got.RequestID {
		t.Errorf("x-request-id is %q, the application saw %+v", id, got)
	}
	if at := resp.Header.Get("X-Upstream-Addr"); !slices.Contains(o.endpoints("demo:8080"), at) {
		t.Errorf("x-upstream-addr is %q, the tasks are %v", at, o.endpoints("demo:8080"))
	}
	n.Docker(t, "service", "scale", "--detach", "demo=4")
	awaitEndpoints(t, o, "demo:8080", 4)
	instances := map[string]bool{}
	for range 8 {
		got, _ := c.ping(t)
		instances[got.Instance] = true
	}
	if len(instances) != 4 {
		t.Errorf("%d of 4 tasks answer", len(instances))
	}

	createSecrets(t, n, "app.cert", "app.key", newPair(t, "demo.local", "demo.local"))
	n.Docker(t, "service", "rm", "demo")
	n.Docker(t, "service", "create", "--detach", "--name", "demo-passed", "--network", "demo",
		"--secret", "source=app.cert,target=/run/secrets/cert.pem", "--secret", "source=app.key,target=/run/secrets/key.pem",
		"--label", "com.docker.lb.hosts=demo.local", "--label", "com.docker.lb.port=8080", "--label", "com.docker.lb.ssl_passthrough=true",
		"--env", "METADATA=demo-ssl-passthrough", image, "--tls-cert=/run/secrets/cert.pem", "--tls-key=/run/secrets/key.pem")
	var body string
	rig.Eventually(t, time.Minute, "the service's own TLS is passed through", func() (err error) {
		c.CloseIdleConnections()
		resp, body, err = c.get("/ping")
		if err == nil && !strings.Contains(body, `"metadata":"demo-ssl-passthrough"`) {
			err = fmt.Errorf("%s: %s", resp.Status, body)
		}
		return err
	})
	if strings.Contains(body, "request_id") || !resp.Close {
		t.Errorf("the answer is %v %q, want the application's own and the end of the connection", resp, body)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "X-") {
			t.Errorf("the answer carries %s", name)
		}
	}

	// Interlock had no plain side of such a host, so it could not redirect there.
	n.Docker(t, "service", "update", "--detach", "--quiet", "--label-add", "com.docker.lb.redirects=http://demo.local,https://demo.local", "demo-passed")
	rig.Eventually(t, 30*time.Second, "the plain side redirects", func() error {
		resp, _, err := o.web("http", "demo.local").get("/a?b=1")
		if err == nil && (resp.StatusCode != http.StatusFound || !strings.HasPrefix(resp.Header.Get("Location"), "https://demo.local")) {
			err = fmt.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
		}
		return err
	})
	if err := c.ok("/ping"); err != nil {
		t.Errorf("beside the redirect: %v", err)
	}
}

func TestACanaryOfTwoServicesUnderOneHostGetsItsShare(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deploy(t, r, "demo", "canary", nil)
	c := o.web("http", "demo.local")
	awaitEndpoints(t, o, "demo_demo-v1:8080", 4)
	awaitEndpoints(t, o, "demo_demo-v2:8080", 1)
	share := func(n int) (v2 float64) {
		t.Helper()
		for range n {
			if got, _ := c.ping(t); got.Version == "0.2" {
				v2++
			}
		}
		return v2 / float64(n)
	}
	if got := share(2000); got < 0.17 || got > 0.23 {
		t.Errorf("v2 got %.3f of 2,000 requests, want 0.20", got)
	}

	l := startLoad(t, c, 50, get(c, "/ping"))
	scale := func(service string, n int) {
		r.Node(0).Docker(t, "service", "scale", "--detach", fmt.Sprintf("%s=%d", service, n))
		awaitEndpoints(t, o, service+":8080", n)
	}
	scale("demo_demo-v1", 0)
	if got := share(100); got != 1 {
		t.Errorf("v2 got %.2f of the requests, and v1 has no tasks", got)
	}
	scale("demo_demo-v1", 4)
	if got := share(500); got < 0.15 || got > 0.25 {
		t.Errorf("v2 got %.3f of the requests after v1 was scaled back", got)
	}
	l.mustNotHaveFailed(t, "while v1 was scaled to 0 and back")
}

func TestContextRootsShareAHost(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deploy(t, r, "demo", "context-root", nil)
	awaitEndpoints(t, o, "demo_app:8080", 1)
	awaitEndpoints(t, o, "demo_site:8080", 1)
	for path, want := range map[string]string{"/app/ping": "under-app", "/ping": "the-rest"} {
		resp, body, err := o.web("http", "demo.local").get(path)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %v %q %v", path, resp, body, err)
		}
	}
	resp, body, err := o.web("http", "demo.local").get("/app")
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("/app: %v %q %v, want the page and no redirect", resp, body, err)
	}
}

func TestADefaultBackendServesEveryUnknownHost(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deploy(t, r, "one", "publish", nil) // which makes an unknown host one of Interlock's
	awaitEndpoints(t, o, "one_demo:8080", 1)
	resp, _, err := o.web("http", "nobody.local").get("/")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without a default backend: %v %v, want 503", resp, err)
	}
	deploy(t, r, "two", "default-backend", nil)
	until200(t, o.web("http", "nobody.local"), "/ping")
	if got, _ := o.web("http", "anybody.else.local").ping(t); got.Metadata != "fallback" {
		t.Errorf("answered by %+v", got)
	}
	if got, _ := o.web("http", "app.example.org").ping(t); got.Metadata != "" {
		t.Errorf("a known host is answered by %+v", got)
	}
}

func TestAnOldHostRedirects(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deploy(t, r, "demo", "redirects", nil)
	until200(t, o.web("http", "new.local"), "/ping")
	resp, _, err := o.web("http", "old.local").get("/a/b?x=1")
	if err != nil || resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "http://new.local/a/b?x=1" {
		t.Fatalf("%v %v", resp, err)
	}
	for name, want := range map[string]bool{"X-Request-Id": true, "X-Proxy-Id": true, "X-Server-Info": true, "X-Upstream-Addr": false} {
		if got := resp.Header.Get(name) != ""; got != want {
			t.Errorf("%s is there: %v, want %v", name, got, want)
		}
	}
}

func TestSessionsOfCookiesAndAddresses(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	for _, example := range []string{"session-cookie", "session-address"} {
		deploy(t, r, "demo", example, nil)
		awaitEndpoints(t, o, "demo_demo:8080", 5)
		until(t, o, "demo/lb-demo", "Ready")
		b := browser(t, o, "demo.local")
		b.ping(t) // the application gives its cookie
		first, _ := b.ping(t)
		for range 50 {
			if got, _ := b.ping(t); got.Instance != first.Instance {
				t.Errorf("%s: answered by %s, then by %s", example, first.Instance, got.Instance)
				break
			}
		}
		removeStack(t, r, "demo")
	}
}

func TestWebSocketsAndHealthLabelsAreServed(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deploy(t, r, "chat", "websockets", nil)
	until200(t, o.web("http", "demo.local"), "/ping")
	until(t, o, "chat/lb-chat", "Ready")
	raw, err := r.Fabric.Dial(t.Context(), "tcp", o.node.Addr+":"+o.ports().http)
	if err != nil {
		t.Fatal(err)
	}
	holdWebSocketOn(t, raw, "ws://demo.local").check(t, "typing in one window")
	if out := o.must(t, "", "describe", "route", "chat/lb-chat"); !strings.Contains(out, "websocket_endpoints") {
		t.Errorf("nothing says that the label is needless:\n%s", out)
	}
	removeStack(t, r, "chat")

	deploy(t, r, "demo", "upstream-health", nil)
	until(t, o, "demo/lb-demo", "Ready")
	out := o.must(t, "", "get", "route", "demo/lb-demo", "-o", "yaml")
	if !strings.Contains(out, "maxFails: 3") || !strings.Contains(out, "failTimeout: 10s") {
		t.Errorf("the Route is\n%s", out)
	}
}

// What Interlock documented and never did.
func TestLabelsThatDidNothingWork(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	n, image := r.Node(0), r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	createSecrets(t, n, "app.cert", "app.key", newPair(t, "app.internal", "app.internal"))
	n.Docker(t, "network", "create", "-d", "overlay", "demo")
	labels := []string{"hosts=demo.local", "port=8080", "ssl_cert=app.cert", "ssl_key=app.key", "ssl_only=true",
		"ssl_backend=true", "ssl_backend_tls_verify=none", "algorithm=least_conn"}
	create := []string{"service", "create", "--detach", "--name", "demo", "--network", "demo",
		"--secret", "source=app.cert,target=/run/secrets/cert.pem", "--secret", "source=app.key,target=/run/secrets/key.pem"}
	for _, l := range labels {
		create = append(create, "--label", "com.docker.lb."+l)
	}
	n.Docker(t, append(create, image, "--tls-cert=/run/secrets/cert.pem", "--tls-key=/run/secrets/key.pem")...)
	until200(t, o.web("https", "demo.local"), "/ping")
	resp, _, err := o.web("http", "demo.local").get("/a?b=1")
	if err != nil || resp.StatusCode != http.StatusPermanentRedirect || !strings.HasPrefix(resp.Header.Get("Location"), "https://demo.local") {
		t.Errorf("ssl_only: %v %v", resp, err)
	}
	out := o.must(t, "", "describe", "route", "lb-demo")
	for _, want := range []string{"ssl_only", "ssl_backend", "ssl_backend_tls_verify", "algorithm"} {
		if !strings.Contains(out, "label com.docker.lb."+want+": ") {
			t.Errorf("nothing is said of %s:\n%s", want, out)
		}
	}
}

func TestLabelsGoToTheVirtualIP(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deploy(t, r, "demo", "vip-mode", nil)
	awaitEndpoints(t, o, "demo_demo:8080", 1)
	vip := r.Node(0).Docker(t, "service", "inspect", "--format", "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}", "demo_demo")
	if got := o.endpoints("demo_demo:8080"); len(got) != 1 || !strings.Contains(vip, strings.TrimSuffix(got[0], ":8080")+"/") {
		t.Errorf("Endpoints %v, the service's virtual IPs are %s", got, vip)
	}
}

func TestAPublishedPortOfANodeIsReached(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	r.Node(0).Docker(t, "service", "create", "--detach", "--name", "demo", "--publish", "mode=host,target=8080",
		"--label", "com.docker.lb.hosts=demo.local", "--label", "com.docker.lb.port=8080", image)
	until200(t, o.web("http", "demo.local"), "/ping")
	_, resp := o.web("http", "demo.local").ping(t)
	if got := resp.Header.Get("X-Upstream-Addr"); !strings.HasPrefix(got, o.node.Addr+":") || strings.HasSuffix(got, ":8080") {
		t.Errorf("x-upstream-addr is %q, want a high port of %s", got, o.node.Addr)
	}
}

func TestEachServiceClusterHasItsOwnDataPlanes(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	east := start(t, r, 0, "--cluster", "us-east")
	west := startAt(t, r, 0, ports{"8081", "8444", "9901"}, nil, "--cluster", "us-west")
	deploy(t, r, "demo", "service-clusters", nil)
	for o, want := range map[*operator]string{east: "us-east", west: "us-west"} {
		until200(t, o.web("http", "demo.local"), "/ping")
		if got, _ := o.web("http", "demo.local").ping(t); got.Metadata != want {
			t.Errorf("cluster %s: answered by %+v", want, got)
		}
	}
	until(t, east, "demo/lb-east", "Ready")
	until(t, east, "demo/lb-west", "Ready")
}

// awaitEndpoints waits until a Backend has n Endpoints.
func awaitEndpoints(t *testing.T, o *operator, backend string, n int) {
	t.Helper()
	rig.Eventually(t, time.Minute, fmt.Sprintf("%s has %d Endpoints", backend, n), func() error {
		if got := o.endpoints(backend); len(got) != n {
			return fmt.Errorf("Endpoints are %v", got)
		}
		return nil
	})
}

// until waits until a Route's verdict is the Reason.
func until(t *testing.T, o *operator, key, reason string) {
	t.Helper()
	rig.Eventually(t, 30*time.Second, key+" is "+reason, func() error {
		out, _ := o.cli(t, "", "get", "routes")
		for line := range strings.Lines(out) {
			fields := strings.Fields(line)
			if len(fields) > 3 && fields[0] == key && fields[3] == reason {
				return nil
			}
		}
		return fmt.Errorf("get routes says\n%s", out)
	})
}
