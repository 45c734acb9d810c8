package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/routing"
)

func pair(t *testing.T, name string) (chain, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pk})
}

// vault is a source of secrets.
type vault struct {
	mu    sync.Mutex
	bytes map[string][]byte
	asked int
}

func (v *vault) fetch(_ context.Context, id string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	if b, ok := v.bytes[id]; ok {
		return b, nil
	}
	return nil, errors.New("not yet")
}

func (v *vault) put(id string, b []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bytes[id] = b
}

func spec(id, cert, key string) snapshot.Certificate {
	return snapshot.Certificate{ID: id, Name: id, CertSecret: cert, KeySecret: key}
}

// start runs a Store inside a synctest bubble.
func start(t *testing.T, v *vault) (*Store, func()) {
	s := NewStore(v.fetch, func() {}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Run(ctx)
	}()
	return s, func() {
		cancel()
		<-done
	}
}

func TestCertificatesAreLoadedOrSayWhyNot(t *testing.T) {
	chain, key := pair(t, "a.local")
	_, other := pair(t, "b.local")
	v := &vault{bytes: map[string][]byte{"chain": chain, "key": key, "other": other, "garbage": []byte("garbage")}}
	synctest.Test(t, func(t *testing.T) {
		s, stop := start(t, v)
		defer stop()
		s.Sync([]snapshot.Certificate{spec("good", "chain", "key"), spec("misfit", "chain", "other"), spec("garbage", "garbage", "key"), spec("late", "chain", "latekey")})
		synctest.Wait()
		reports := s.Reports()
		for i, want := range []struct {
			id      string
			state   snapshot.CertificateState
			message string
		}{
			{"garbage", snapshot.CertificateInvalid, "failed to find any PEM data in certificate input"},
			{"good", snapshot.CertificateLoaded, ""},
			{"late", snapshot.CertificatePending, "secret latekey with the key: not yet"},
			{"misfit", snapshot.CertificateInvalid, "the key does not fit the certificate"},
		} {
			r := reports[i]
			if r.ID != want.id || r.State != want.state || !strings.Contains(r.Message, want.message) {
				t.Errorf("%+v, want %+v", r, want)
			}
		}
		if r := reports[1]; len(r.Names) != 1 || r.Names[0] != "a.local" || r.NotAfter.IsZero() {
			t.Errorf("%+v", r)
		}
		v.put("latekey", key)
		time.Sleep(lastPause)
		synctest.Wait()
		if s.Entry("late").Certificate() == nil {
			t.Error("the late one was not loaded")
		}
	})
}

func TestWhatIsLoadedIsKeptAndWhatIsGoneIsNotAskedFor(t *testing.T) {
	chain, key := pair(t, "a.local")
	v := &vault{bytes: map[string][]byte{"chain": chain, "key": key}}
	synctest.Test(t, func(t *testing.T) {
		s, stop := start(t, v)
		defer stop()
		s.Sync([]snapshot.Certificate{spec("a", "chain", "key"), spec("b", "no", "no")})
		synctest.Wait()
		a := s.Entry("a")
		s.Sync([]snapshot.Certificate{spec("a", "chain", "key")})
		synctest.Wait()
		asked := v.asked
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.Entry("a") != a || a.Certificate() == nil || v.asked != asked {
			t.Error("asked again for what is there, or for what nobody wants")
		}
	})
}

func TestPausesGrow(t *testing.T) {
	v := &vault{bytes: map[string][]byte{}}
	synctest.Test(t, func(t *testing.T) {
		s := NewStore(v.fetch, func() {}, nil)
		s.Sync([]snapshot.Certificate{spec("a", "no", "no")})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		if v.asked < 10 || v.asked > 20 {
			t.Errorf("asked %d times in 10 s", v.asked)
		}
	})
}

func TestPolicyIsLoadedWhenOneOfItsCertificatesIs(t *testing.T) {
	chain, key := pair(t, "a.local")
	v := &vault{bytes: map[string][]byte{"chain": chain, "key": key}}
	synctest.Test(t, func(t *testing.T) {
		s, stop := start(t, v)
		defer stop()
		s.Sync([]snapshot.Certificate{spec("a", "chain", "key"), spec("b", "no", "no")})
		p := s.NewPolicy(&routing.Policy{Certificates: []string{"a", "b", "unknown"}, MinVersion: "1.3"})
		none := s.NewPolicy(&routing.Policy{Certificates: []string{"b"}})
		synctest.Wait()
		if !p.Loaded() || none.Loaded() {
			t.Error(p.Loaded(), none.Loaded())
		}
	})
}
