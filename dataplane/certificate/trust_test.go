package certificate

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// The tests run as on a system that is nothing but one binary.
func TestMain(m *testing.M) {
	os.Setenv("SSL_CERT_FILE", "/nowhere")
	os.Setenv("SSL_CERT_DIR", "/nowhere")
	os.Exit(m.Run())
}

func TestAuthorities(t *testing.T) {
	first, key := pair(t, "first")
	second, _ := pair(t, "second")
	v := &vault{bytes: map[string][]byte{
		"two": append(append([]byte("# comment\n"), first...), second...), "key": key, "text": []byte("text"), "cut": append(first[:len(first):len(first)], "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...),
	}}
	synctest.Test(t, func(t *testing.T) {
		s, stop := start(t, v)
		defer stop()
		var all []snapshot.Certificate
		for _, id := range []string{"cut", "key", "text", "two"} {
			all = append(all, snapshot.Certificate{ID: id, Name: id, CertSecret: id})
		}
		s.Sync(append(all, snapshot.Certificate{ID: snapshot.SystemAuthorities, Name: "system"}))
		synctest.Wait()
		for i, want := range []string{"certificate 2 in it", "there is no certificate of an authority in it", "there is no certificate of an authority in it", "", "name caSecretRefs"} {
			r := s.Reports()[slot(i)]
			if (want == "") != (r.State == snapshot.CertificateLoaded) || !strings.Contains(r.Message, want) {
				t.Errorf("%+v, want %q", r, want)
			}
		}
		if n := len(s.Entry("two").state.Load().authorities); n != 2 {
			t.Errorf("%d authorities", n)
		}
	})
}

// slot is where the i-th of TestAuthorities stands among sorted IDs.
func slot(i int) int { return []int{0, 1, 3, 4, 2}[i] }

func TestATrustWaitsForWhatMayCome(t *testing.T) {
	chain, _ := pair(t, "a")
	v := &vault{bytes: map[string][]byte{}}
	synctest.Test(t, func(t *testing.T) {
		s, stop := start(t, v)
		defer stop()
		s.Sync([]snapshot.Certificate{{ID: "ca", Name: "ca", CertSecret: "ca"}})
		trust := s.NewTrust(&snapshot.BackendTLS{Hostname: "a", Authorities: []string{"ca"}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var why *UnusableError
		if _, err := trust.Config(ctx, "10.0.0.1:443", "10.0.0.1", Any); !errors.As(err, &why) || why.State != snapshot.CertificatePending {
			t.Error(err)
		}
		time.AfterFunc(time.Second, func() { v.put("ca", chain) })
		cfg, err := trust.Config(t.Context(), "10.0.0.1:443", "10.0.0.1", Any)
		if err != nil || cfg.ServerName != "a" || cfg.RootCAs == nil {
			t.Error(cfg, err)
		}
		unknown := s.NewTrust(&snapshot.BackendTLS{Authorities: []string{"ca"}, Certificate: "unknown"})
		if _, err := unknown.Config(ctx, "b:443", "b", Any); !errors.As(err, &why) || why.State != snapshot.CertificatePending {
			t.Error(err)
		}
	})
}

func TestAComplaintIsToldOnce(t *testing.T) {
	var trust Trust
	if first, again := errors.New("a"), errors.New("a"); !trust.Complain(first) || trust.Complain(again) || !trust.Complain(errors.New("b")) {
		t.Error("a complaint is new where it is another than the last")
	}
	if trust.Withdraw(); !trust.Complain(errors.New("b")) {
		t.Error("what was withdrawn is new")
	}
}
