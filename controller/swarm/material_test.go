package swarm

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/controller/pki"
)

func TestATLSFolderThatIsWrongInItself(t *testing.T) {
	a, _ := newAuthority(t, nil)
	ops, other := issue(t, a, pki.Request{Name: "ops"}), issue(t, a, pki.Request{Name: "other"})
	for _, c := range []struct {
		name string
		mend func(dir string) error
		want string
	}{
		{"a key of another certificate", func(dir string) error { return copyFile(other, dir, "key.pem") }, "put the two that were made together there"},
		{"no key", func(dir string) error { return os.Remove(filepath.Join(dir, "key.pem")) }, "key.pem"},
		{"no certificate in ca.pem", func(dir string) error { return os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("x"), 0o600) }, "ca.pem holds no certificate"},
		{"no list in crl.pem", func(dir string) error { return os.WriteFile(filepath.Join(dir, "crl.pem"), nil, 0o600) }, "crl.pem holds no revocation list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := mixed(t, ops, ops)
			if err := c.mend(dir); err != nil {
				t.Fatal(err)
			}
			if err := listed(t, "tcp://127.0.0.1:1", dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func copyFile(from, to, name string) error {
	data, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, name), data, 0o600)
}

func TestANewCertificateNeedsNoNewConnectionToTheAPI(t *testing.T) {
	a, dir := newAuthority(t, nil)
	ended := mixed(t, dir, issue(t, clockAt(t, dir, twoYearsAgo), pki.Request{Name: "ended"}))
	ops := issue(t, a, pki.Request{Name: "ops"})
	t.Setenv("DOCKER_CERT_PATH", ended)
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	c, err := Connect(Options{Host: engine(t, issue(t, a, server("engine", "127.0.0.1")), ops)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.listSecrets(t.Context()); err == nil {
		t.Fatal("an ended certificate is taken")
	}
	if err := errors.Join(copyFile(ops, ended, "cert.pem"), copyFile(ops, ended, "key.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.listSecrets(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestACRLThatIsNotOfItsAuthorityIsTold(t *testing.T) {
	a, _ := newAuthority(t, nil)
	ops, err := readMaterial(issue(t, a, pki.Request{Name: "ops"}))
	if err != nil {
		t.Fatal(err)
	}
	list := *ops.revoked[0]
	list.Signature = append([]byte{}, list.Signature...)
	list.Signature[len(list.Signature)-1] ^= 1
	ops.revoked = []*x509.RevocationList{&list}
	if got := ops.clientFault(time.Now()); got != UntrustedRevocations {
		t.Errorf("got %q", got)
	}
}
