package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"
	"time"
)

// program is a process in the background.
type program struct {
	*exec.Cmd
	ended chan struct{}
	said  said
}

// said is what a process says, readable meanwhile.
type said struct {
	mu sync.Mutex // guards following
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func startProgram(c *exec.Cmd) (*program, error) {
	p := &program{Cmd: c, ended: make(chan struct{})}
	c.Stderr = &p.said
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() { defer close(p.ended); _ = c.Wait() }() // ProcessState tells
	return p, nil
}

func (p *program) isEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// log is what it said; a nil program said nothing.
func (p *program) log() string {
	if p == nil {
		return ""
	}
	p.said.mu.Lock()
	defer p.said.mu.Unlock()
	return p.said.b.String()
}

func (p *program) kill() {
	if p != nil {
		_ = p.Process.Kill()
		<-p.ended
	}
}

// backend is a web server that answers /slow when release is closed, and says
// on reached that a request for it came; everything else it answers at once.
type backend struct {
	*httptest.Server
	reached, release chan struct{}
}

func newBackend() *backend {
	b := &backend{reached: make(chan struct{}, 1), release: make(chan struct{})}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			b.reached <- struct{}{}
			select {
			case <-b.release:
			case <-r.Context().Done():
			}
		}
		fmt.Fprintf(w, "%s of %s\n", r.URL.Path, r.Host)
	}))
	return b
}

// selfSigned is a certificate for a name, and its key, in PEM.
func selfSigned(name string, more ...string) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: append([]string{name}, more...),
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), nil
}
