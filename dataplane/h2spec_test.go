package dataplane

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/hack/h2spec"
)

func TestH2SpecPassesOnBothListeners(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local")
	s := oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		fmt.Fprint(w, "hello")
	}, func(rt *snapshot.Route) {
		rt.Hosts, rt.TLS, rt.InClear, rt.Certificates = []string{"*"}, snapshot.TLSTerminate, true, []string{"c"}
	})
	s.Certificates = []snapshot.Certificate{certificateOf("c")}
	r.publish(s)
	r.loaded()
	// In the clear, what is no preface is a request of HTTP/1.1, and is answered as
	// one: with 400, where http2/3.5/2 wants the end without a word.
	t.Run("plain", func(t *testing.T) {
		h2spec.Run(t, r.http, "generic", "hpack", "http2/3.5/1", "http2/4", "http2/5", "http2/6", "http2/7", "http2/8")
	})
	t.Run("tls", func(t *testing.T) { h2spec.Run(t, r.https, "-t", "-k") })
}
