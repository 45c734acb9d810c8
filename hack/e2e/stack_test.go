package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// dockerStack deploys a compose file.
func dockerStack(t *testing.T, r *rig.Rig, name, compose string) {
	t.Helper()
	r.Node(0).DockerInput(t, compose, "stack", "deploy", "--resolve-image", "never", "-c", "-", name)
}

func TestTheStackFileRunsFairlead(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	binary := rig.Build(t, "./controller")
	image := r.Image(t, "fairlead", binary, "/fairlead")
	file, err := os.ReadFile("../../manifests/stack.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stack := strings.Replace(string(file), "${FAIRLEAD_IMAGE:-fairlead:latest}", image, 1)
	stack = strings.Replace(stack, `"--state-dir", "/run/fairlead"`, `"--state-dir", "/run/fairlead", "--http", ":8080", "--https", ":8443"`, 1)
	demoService(t, r, "demo", 1, "demo")
	createSecrets(t, r.Node(0), "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	dockerStack(t, r, "fairlead", stack)
	r.WaitTasks(t, "fairlead_fairlead", 1)
	o := &operator{rig: r, node: r.Node(0), binary: binary, log: &logBuffer{}}
	o.apply(t, terminate("demo", "demo.local", "demo.local.cert", "demo.local.key"), "--wait", "--timeout=60s")
	until200(t, o.web("https", "demo.local"), "/ping")
	r.Node(0).Docker(t, "stack", "rm", "fairlead")
	rig.Eventually(t, 60*time.Second, "its task ends", func() error {
		out, err := r.Node(0).Try(t.Context(), "container", "ls", "--quiet", "--filter", "label=com.docker.swarm.service.name=fairlead_fairlead")
		if err == nil && strings.TrimSpace(out) != "" {
			err = errNotYet
		}
		return err
	})
}

func TestARouteThatShipsInAStackComesAndGoesWithIt(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	file := writeFile(t, r, "route.yaml", `apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: web}
spec:
  hosts: [shop.local]
  backend: {service: web, port: 8080, network: front}
`)
	dockerStack(t, r, "shop", fmt.Sprintf(`
version: "3.8"
services:
  web:
    image: %q
    networks: [front]
    deploy: {endpoint_mode: dnsrr}
networks:
  front: {driver: overlay}
configs:
  route:
    file: %s
    labels: {fairlead.dev/kind: Route}
`, image, file))
	t.Logf("first 200 %v after docker stack deploy", until200(t, o.web("http", "shop.local"), "/ping"))
	out := o.must(t, "", "get", "routes")
	if !strings.Contains(out, "shop") || !strings.Contains(out, "web") {
		t.Errorf("get routes:\n%s", out)
	}
	r.Node(0).Try(t.Context(), "stack", "rm", "shop") // the network may still be in use by the tender
	rig.Eventually(t, 30*time.Second, "the second stack rm leaves nothing behind", func() error {
		if out, err := r.Node(0).Try(t.Context(), "stack", "rm", "shop"); err != nil {
			return fmt.Errorf("%v: %s", err, out)
		}
		left, err := r.Node(0).Try(t.Context(), "network", "ls", "--quiet", "--filter", "name=shop_front")
		if err == nil && strings.TrimSpace(left) != "" {
			err = errNotYet
		}
		return err
	})
	rig.Eventually(t, 20*time.Second, "the Route and its tender are gone", func() error {
		if out := o.must(t, "", "get", "routes", "-o", "name"); strings.TrimSpace(out) != "" {
			return fmt.Errorf("routes: %s", out)
		}
		if out := r.Node(0).Docker(t, "service", "ls", "--quiet"); strings.TrimSpace(out) != "" {
			return fmt.Errorf("services: %s", out)
		}
		return nil
	})
}
