package server

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// World is what all servers share: certificates, files, the origin.
type World struct {
	// Dir holds everything; Bin is where make puts what it builds.
	Dir, Bin string
	// Certs and Files are the folders of the certificates and the origin's files.
	Certs, Files string
	// Origin and OriginTLS are the origin's addresses.
	Origin, OriginTLS string
	// Leaves are the certificates in DER by their host.
	Leaves map[string][]byte
	// Sums are the SHA-256 sums of the origin's files by their path.
	Sums map[string][sha256.Size]byte
	// Sizes are their sizes in bytes.
	Sizes map[string]int64

	ports  ports
	origin *Instance
}

// The origin's files.
const (
	Mebi    = "/1m"
	Hundred = "/100m"
)

// NewWorld writes certificates and files into dir and starts the origin from its
// folder.
func NewWorld(dir, bin, origin string) (*World, error) {
	w := &World{
		Dir: dir, Bin: bin, Certs: filepath.Join(dir, "certs"), Files: filepath.Join(dir, "files"),
		Leaves: map[string][]byte{}, Sums: map[string][sha256.Size]byte{}, Sizes: map[string]int64{},
		ports: ports{map[string]bool{}},
	}
	if err := w.writeCertificates(); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	if err := w.writeFiles(); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	p, err := Open("origin", origin)
	if err != nil {
		return nil, err
	}
	if w.origin, err = Start(w, p, "origin", nil); err != nil {
		return nil, err
	}
	w.Origin, w.OriginTLS = w.origin.HTTP, w.origin.HTTPS
	return w, nil
}

// Close ends the origin.
func (w *World) Close() { w.origin.Stop() }

// Ended returns an error if the origin is not running any more.
func (w *World) Ended() error { return w.origin.Ended() }

func (w *World) writeCertificates() error {
	if err := os.MkdirAll(w.Certs, 0o755); err != nil {
		return err
	}
	for _, c := range []struct{ name, host string }{{"ecdsa", "localhost"}, {"rsa", "rsa.bench"}, {"pass", "pass.bench"}} {
		var key crypto.Signer
		var err error
		if c.name == "rsa" {
			key, err = rsa.GenerateKey(rand.Reader, 2048)
		} else {
			key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		}
		if err != nil {
			return err
		}
		if w.Leaves[c.host], err = writeCertificate(filepath.Join(w.Certs, c.name), c.host, key); err != nil {
			return err
		}
	}
	return nil
}

// writeCertificate writes a self-signed certificate to base.crt and base.key.
func writeCertificate(base, host string, key crypto.Signer) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	for file, block := range map[string]*pem.Block{
		base + ".crt": {Type: "CERTIFICATE", Bytes: leaf}, base + ".key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		// An origin that runs as root has workers that do not.
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o644); err != nil {
			return nil, err
		}
	}
	return leaf, nil
}

// writeFiles writes the origin's files, of bytes that do not repeat.
func (w *World) writeFiles() error {
	if err := os.MkdirAll(w.Files, 0o755); err != nil {
		return err
	}
	for path, size := range map[string]int64{Mebi: 1 << 20, Hundred: 100 << 20} {
		content := make([]byte, size)
		_, _ = mathrand.NewChaCha8([32]byte{1}).Read(content) // It never fails.
		if err := os.WriteFile(filepath.Join(w.Files, path), content, 0o644); err != nil {
			return err
		}
		w.Sums[path], w.Sizes[path] = sha256.Sum256(content), size
	}
	return nil
}
