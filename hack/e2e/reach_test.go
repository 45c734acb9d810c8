package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/hack/rig"
)

// noDocker takes the API's address out of the environment, and has no contexts.
func noDocker(t *testing.T) []string {
	t.Helper()
	return []string{"DOCKER_HOST=", "DOCKER_CONTEXT=", "DOCKER_TLS_VERIFY=", "DOCKER_CERT_PATH=", "DOCKER_CONFIG=" + t.TempDir()}
}

// worksFrom runs the operator and the client with an environment that says
// where the API is: a Route is applied, served and told of.
func worksFrom(t *testing.T, r *rig.Rig, env []string) {
	t.Helper()
	o := startWith(t, r, 0, env)
	o.apply(t, plain("demo", "demo.local", "demo"), "--wait", "--timeout=60s")
	c := o.web("http", "demo.local")
	until200(t, c, "/ping")
	if out := o.must(t, "", "get", "routes"); !strings.Contains(out, "demo.local") {
		t.Errorf("get routes:\n%s", out)
	}
	o.apply(t, plain("later", "later.local", "demo")) // which an event tells the operator
	t.Logf("a second Route is served after %v", until200(t, o.web("http", "later.local"), "/ping"))
	o.must(t, "", "delete", "route", "demo", "later")
	o.stop(t, syscall.SIGTERM)
}

// refused is what the client says where the environment is wrong.
func refused(t *testing.T, r *rig.Rig, env []string, want string) {
	t.Helper()
	o := &operator{rig: r, node: r.Node(0), binary: rig.Build(t, "./controller"), env: env}
	out, code := o.cli(t, "", "get", "routes")
	if code != 2 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, want 2 and %q:\n%s", code, want, out)
	}
	t.Log(out)
}

func TestTheAPIIsReachedOverTLSWithClientCertificates(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	demoService(t, r, "demo", 1, "demo")
	server, user, stranger := newPair(t, "engine", "127.0.0.1"), newPair(t, "ops"), newPair(t, "stranger")
	address := "tcp://" + serveTLS(t, r.Node(0), server, user)
	certs := certFolder(t, server, user)

	t.Run("by DOCKER_HOST", func(t *testing.T) {
		worksFrom(t, r, append(noDocker(t), "DOCKER_HOST="+address, "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH="+certs))
	})
	t.Run("by a context", func(t *testing.T) {
		config := t.TempDir()
		dockerCommand(t, config, "context", "create", "far", "--docker",
			fmt.Sprintf("host=%s,ca=%s/ca.pem,cert=%s/cert.pem,key=%s/key.pem", address, certs, certs, certs))
		env := append(noDocker(t), "DOCKER_CONFIG="+config)
		worksFrom(t, r, append(env, "DOCKER_CONTEXT=far"))
		dockerCommand(t, config, "context", "use", "far")
		worksFrom(t, r, env)
	})
	t.Run("not without a certificate, nor with another's, nor from another engine", func(t *testing.T) {
		env := append(noDocker(t), "DOCKER_HOST="+address, "DOCKER_TLS_VERIFY=1")
		refused(t, r, append(env, "DOCKER_CERT_PATH="+certFolder(t, server, pair{})), string(swarm.NoClientCertificate))
		refused(t, r, append(env, "DOCKER_CERT_PATH="+certFolder(t, server, stranger)), string(swarm.ForeignClientCertificate))
		refused(t, r, append(env, "DOCKER_CERT_PATH="+certFolder(t, stranger, user)), string(swarm.UnknownServerAuthority))
		refused(t, r, append(env, "DOCKER_CERT_PATH="+certFolder(t, pair{cert: "none"}, user)), "ca.pem holds no certificate")
	})
}

// certFolder is a DOCKER_CERT_PATH that trusts ca. No files stand for an empty pair.
func certFolder(t *testing.T, ca, own pair) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string]string{"ca.pem": ca.cert, "cert.pem": own.cert, "key.pem": own.key} {
		if data == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// dockerCommand runs the docker command on a configuration.
func dockerCommand(t *testing.T, config string, args ...string) {
	t.Helper()
	c := exec.Command("docker", args...)
	c.Env = append(os.Environ(), "DOCKER_HOST=", "DOCKER_CONTEXT=", "DOCKER_CONFIG="+config)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// serveTLS is the node's engine at an address on its loopback, as dockerd is
// with --tlsverify: only who shows the user's certificate gets through.
func serveTLS(t *testing.T, n *rig.Node, server, user pair) string {
	t.Helper()
	own, err := tls.X509KeyPair([]byte(server.cert), []byte(server.key))
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM([]byte(user.cert))
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	config := &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	secure := tls.NewListener(l, config)
	engine := strings.TrimPrefix(n.Host(), "unix://")
	go func() {
		for {
			c, err := secure.Accept()
			if err != nil {
				return
			}
			go joinEngine(c, engine)
		}
	}()
	return l.Addr().String()
}

// joinEngine copies both ways until either ends. The engine sees a request only
// after the handshake.
func joinEngine(c net.Conn, socket string) {
	defer c.Close()
	engine, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer engine.Close()
	go func() {
		defer engine.Close()
		io.Copy(engine, c)
	}()
	io.Copy(c, engine)
}

func TestTheAPIIsReachedOverSSH(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	demoService(t, r, "demo", 1, "demo")
	dir := t.TempDir()
	asked, path := filepath.Join(dir, "asked"), "PATH="+dir+":"+os.Getenv("PATH")
	// The other machine is the node itself, where the engine is at its usual place.
	fakeSSH(t, dir, `echo "$@" >>`+asked+`
while [ "$1" != -- ]; do shift; done
shift 2
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG
exec "$@"`)

	t.Run("by DOCKER_HOST", func(t *testing.T) {
		worksFrom(t, r, append(noDocker(t), path, "DOCKER_HOST=ssh://ops@manager.test:2222"))
		said, err := os.ReadFile(asked)
		if err != nil || !strings.HasPrefix(string(said), "-o ConnectTimeout=30 -T -l ops -p 2222 -- manager.test docker system dial-stdio\n") {
			t.Errorf("ssh was called with %s, %v", said, err)
		}
		t.Logf("%d connections", strings.Count(string(said), "\n"))
	})
	t.Run("by a context", func(t *testing.T) {
		config := t.TempDir()
		dockerCommand(t, config, "context", "create", "far", "--docker", "host=ssh://manager.test")
		worksFrom(t, r, append(noDocker(t), path, "DOCKER_CONFIG="+config, "DOCKER_CONTEXT=far"))
	})
	t.Run("what ssh complains of is told", func(t *testing.T) {
		fakeSSH(t, dir, `echo "ops@manager.test: Permission denied (publickey)." >&2; exit 255`)
		refused(t, r, append(noDocker(t), path, "DOCKER_HOST=ssh://ops@manager.test"), "Permission denied (publickey)")
	})
}

func fakeSSH(t *testing.T, dir, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
