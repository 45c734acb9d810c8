package dialect

import (
	"fmt"
	"testing"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// BenchmarkTranslate reads a thousand services of Traefik, which refer to
// middlewares of one of them.
func BenchmarkTranslate(b *testing.B) {
	services := []*labels.Service{{Name: "proxy", Labels: map[string]string{"traefik.http.middlewares.strip.stripprefix.prefixes": "/app"}}}
	for i := range 1000 {
		name := fmt.Sprintf("s%04d", i)
		services = append(services, &labels.Service{Name: name, Labels: map[string]string{
			"traefik.http.routers." + name + ".rule":                           "Host(`" + name + ".local`) && PathPrefix(`/app`)",
			"traefik.http.routers." + name + ".middlewares":                    "strip",
			"traefik.http.routers." + name + ".tls":                            "true",
			"traefik.http.services." + name + ".loadbalancer.server.port":      "8080",
			"traefik.http.services." + name + ".loadbalancer.sticky.cookie":    "true",
			"traefik.http.services." + name + ".loadbalancer.healthcheck.path": "/health",
		}})
	}
	for b.Loop() {
		if r := Translate(services); len(r.Routes) != 1000 {
			b.Fatal(len(r.Routes))
		}
	}
}
