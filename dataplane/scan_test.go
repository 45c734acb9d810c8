package dataplane

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// scanTime bounds one run of a scanner. Both take less than a minute.
const scanTime = 110 * time.Second

// excused are findings of testssl that say nothing of the data plane, each with its
// reason.
var excused = map[string]string{
	"cert_chain_of_trust": "the certificate of the test is signed by itself",
	"cert_revocation":     "so nobody says where one could look whether it is revoked",
	"TLS_session_ticket":  "crypto/tls always says seven days of a ticket; its keys make it good for twelve hours at most in TLS 1.3",
	"engine_problem":      "OpenSSL of the system has no GOST",
	"secure_renego":       "testssl 3.0 cannot read this from OpenSSL 3; another finding says that clients cannot renegotiate",
}

// finding is one of testssl's.
type finding struct{ ID, Severity, Finding string }

// matters says whether a finding is one of the data plane. That of one of several
// certificates has its number behind the ID.
func (f finding) matters() bool {
	id, _, _ := strings.Cut(f.ID, " ")
	return !slices.Contains([]string{"OK", "INFO", "DEBUG"}, f.Severity) && excused[id] == ""
}

// scanned serves the names of the two policies with an ECDSA and an RSA certificate.
func scanned(t *testing.T) *rig {
	t.Helper()
	r := startRig(t)
	end := time.Now().Add(90 * 24 * time.Hour)
	r.mountUntil("ecdsa", end, "default.local", "modern.local")
	chain, key := newCertificateUntil(t, end, rsaKey(t), "default.local", "modern.local")
	r.secrets.set("rsa.cert", chain)
	r.secrets.set("rsa.key", key)
	o := origin(t, "", func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"} {
			w.Header().Set(name, value)
		}
	})
	s := snapshot.Snapshot{Backends: []snapshot.Backend{backendOf("o", o)}, Certificates: []snapshot.Certificate{certificateOf("ecdsa"), certificateOf("rsa")}}
	for _, host := range []string{"default.local", "modern.local"} {
		route := terminated(routeTo(host, "o"), "ecdsa", "rsa")
		route.HSTS = "max-age=31536000; includeSubDomains"
		s.Routes = append(s.Routes, route)
	}
	s.Routes[1].MinVersion = "1.3"
	r.publish(s)
	r.loaded()
	return r
}

// scan runs a scanner and returns what it says. Where there is none t is skipped,
// but not in CI.
func scan(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%v: hack/install-deps brings it", err)
	default:
		t.Skipf("%v: hack/install-deps brings it", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), scanTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.WaitDelay = t.TempDir(), time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out
}

func TestTestsslFindsNothing(t *testing.T) {
	r := scanned(t)
	host, port, _ := net.SplitHostPort(r.https)
	for _, name := range []string{"default.local", "modern.local"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "findings.json")
			out := scan(t, "testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", host, "--jsonfile", file,
				"-p", "-s", "-f", "-P", "-S", "-h", "-U", name+":"+port)
			var all []finding
			raw, err := os.ReadFile(file)
			if err == nil {
				err = json.Unmarshal(raw, &all)
			}
			if err != nil || len(all) < 80 {
				t.Fatalf("%d findings, %v\n%s", len(all), err, out)
			}
			for _, f := range all {
				if f.matters() {
					t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
				}
			}
		})
	}
}

// sslscan is what the scanner of this name says.
type sslscan struct {
	Protocols []struct {
		Type    string `xml:"type,attr"`
		Version string `xml:"version,attr"`
		Enabled int    `xml:"enabled,attr"`
	} `xml:"ssltest>protocol"`
	Renegotiation struct {
		Supported int `xml:"supported,attr"`
	} `xml:"ssltest>renegotiation"`
	Compression struct {
		Supported int `xml:"supported,attr"`
	} `xml:"ssltest>compression"`
	Heartbleed []struct {
		Vulnerable int `xml:"vulnerable,attr"`
	} `xml:"ssltest>heartbleed"`
	Ciphers []struct {
		Version string `xml:"sslversion,attr"`
		Name    string `xml:"cipher,attr"`
	} `xml:"ssltest>cipher"`
}

func TestSslscanFindsWhatThePolicySays(t *testing.T) {
	r := scanned(t)
	modern := []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	usual := append([]string{
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
		"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
	}, modern...)
	for name, want := range map[string]struct{ versions, ciphers []string }{
		"default.local": {[]string{"tls1.2", "tls1.3"}, usual}, "modern.local": {[]string{"tls1.3"}, modern},
	} {
		var got sslscan
		if out := scan(t, "sslscan", "--xml=-", "--sni-name="+name, r.https); xml.Unmarshal(out, &got) != nil {
			t.Fatalf("%s", out)
		}
		var versions, ciphers []string
		for _, p := range got.Protocols {
			if p.Enabled == 1 {
				versions = append(versions, p.Type+p.Version)
			}
		}
		for _, c := range got.Ciphers {
			ciphers = append(ciphers, c.Name)
		}
		slices.Sort(ciphers)
		if !slices.Equal(versions, want.versions) || !slices.Equal(ciphers, want.ciphers) {
			t.Errorf("%s: %v %v", name, versions, ciphers)
		}
		if got.Renegotiation.Supported+got.Compression.Supported != 0 || len(got.Heartbleed) == 0 || got.Heartbleed[0].Vulnerable != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
