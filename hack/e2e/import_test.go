package e2e

import (
	"strings"
	"testing"

	"fairlead.dev/fairlead/hack/rig"
)

const movingIn = `version: "3.2"
services:
  shop:
    image: fairlead/demo
    networks: [front, back]
    deploy:
      replicas: 2
      labels:
        traefik.enable: "true"
        traefik.docker.network: moving_front
        traefik.http.routers.shop.rule: Host(` + "`shop.local`" + `) && PathPrefix(` + "`/shop`" + `)
        traefik.http.routers.shop.middlewares: strip
        traefik.http.middlewares.strip.stripprefix.prefixes: /shop
        traefik.http.services.shop.loadbalancer.server.port: 8080
  mesh:
    image: fairlead/demo
    networks: [front]
    deploy:
      labels:
        com.docker.ucp.mesh.http: external_route=http://mesh.local,internal_port=8080
networks:
  front: {driver: overlay}
  back: {driver: overlay}
`

// TestLabelsOfOtherProductsMoveIn: live services are read, what comes out is
// applied and serves, and a later edit of labels is found.
func TestLabelsOfOtherProductsMoveIn(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	deployText(t, r, "moving", movingIn, nil)

	dir := t.TempDir()
	if out := o.must(t, "", "import", "-o", dir); !strings.Contains(out, "2 Routes from 2 services") {
		t.Fatal(out)
	}
	o.must(t, "", "apply", dir)
	until200(t, o.web("http", "shop.local"), "/shop/ping")
	until200(t, o.web("http", "mesh.local"), "/ping")
	o.must(t, "", "import", "--check")

	r.Node(0).Docker(t, "service", "update", "--detach", "--quiet", "--label-add", "com.docker.ucp.mesh.http=external_route=http://moved.local,internal_port=8080", "moving_mesh")
	if out, code := o.cli(t, "", "import", "--check"); code != 1 || !strings.Contains(out, "+  - moved.local") {
		t.Errorf("after an edit of labels: exit code %d\n%s", code, out)
	}
	o.must(t, "", "delete", "moving/shop", "moving/hrm-mesh")
	removeStack(t, r, "moving")
}
