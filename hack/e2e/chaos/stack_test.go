package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// deployShop deploys the stack that stands in dir, with a Route to a host as the
// config of a name.
func deployShop(t *testing.T, r *rig.Rig, dir, image, config, host string) {
	t.Helper()
	manifest := fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: web}
spec:
  hosts: [%s]
  tls: {mode: Terminate, secretRefs: [{cert: web.cert, key: web.key}], redirect: false}
  backend: {service: web, port: 8080}
`, host)
	writeFile(t, dir, "route.yaml", manifest)
	compose := fmt.Sprintf(`
version: "3.8"
services:
  web:
    image: %[1]q
    networks: [front]
    deploy: {endpoint_mode: dnsrr}
networks:
  front: {driver: overlay}
secrets:
  web.cert: {file: %[2]s/web.cert}
  web.key: {file: %[2]s/web.key}
configs:
  %[3]s:
    file: %[2]s/route.yaml
    labels: {fairlead.dev/kind: Route}
`, image, dir, config)
	r.Node(0).DockerInput(t, compose, "stack", "deploy", "--resolve-image", "never", "-c", "-", "shop")
}

func writeFile(t *testing.T, dir, name, data string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAStackThatIsDeployedAgainWithAnotherRouteConfigServesTheNewerOne(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	dir := t.TempDir()
	cert, key := newPair(t, "shop", "*.shop.local")
	writeFile(t, dir, "web.cert", cert)
	writeFile(t, dir, "web.key", key)
	deployShop(t, r, dir, image, "route_v1", "one.shop.local")
	until200(t, o.web("https", "one.shop.local"))
	deployShop(t, r, dir, image, "route_v2", "two.shop.local")
	t.Logf("served %v after it was deployed again", until200(t, o.web("https", "two.shop.local")))
	rig.Eventually(t, 20*time.Second, "the older one is not served any more", func() error {
		if o.web("http", "one.shop.local").ok("/ping") == nil {
			return errNotYet
		}
		return nil
	})
	deployShop(t, r, dir, image, "route_v2", "two.shop.local") // nothing changed: labels are written over
	rig.Eventually(t, 20*time.Second, "its status is there again", func() error {
		if c := o.condition(t, "shop/web", "Ready"); c.Status != "True" {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	t.Log(o.must(t, "", "get", "routes"))
	o.must(t, "", "delete", "route", "shop/web")
	if left := lines(t, r.Node(0), "config", "ls", "--quiet", "--filter", "label=fairlead.dev/kind"); len(left) > 0 {
		t.Errorf("delete left %v", left)
	}
}
