package e2e

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/hack/rig"
)

func TestAnEngineThatDemandsCertificatesIsReachedUnderEveryAuthority(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T) authority
	}{
		{"a public one, of root and intermediate", newPublicAuthority},
		{"a company's own, of two levels", newFolderAuthority},
		{"a self-signed one, of one level", newSelfSignedAuthority},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rig.Shared(t)
			r.Reset(t)
			demoService(t, r, "demo", 1, "demo")
			underTLS(t, r, c.make(t), c.make(t))
		})
	}
}

// underTLS runs operator and client against dockerd with --tlsverify and one
// authority, and then what is wrong in eight ways; stranger is another authority.
func underTLS(t *testing.T, r *rig.Rig, a, stranger authority) {
	n := r.Node(0)
	server, ops := a.server(t, "127.0.0.1"), a.client(t, "ops", false)
	n.ServeTLS(t, server)
	address := "tcp://" + rig.TLSAddress
	worksFrom(t, r, tlsEnv(t, address, ops))
	docker := n.Command(t.Context(), "docker", "info", "--format", "{{.Swarm.LocalNodeState}}")
	docker.Env = append(os.Environ(), tlsEnv(t, address, ops)...)
	if out, err := docker.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "active" {
		t.Errorf("the docker command: %v\n%s", err, out)
	}
	doctored(t, r, tlsEnv(t, address, ops), 0, "its certificates are valid for 30 days at least")

	revoked := a.client(t, "gone", false)
	a.revoke(t, revoked)
	plain := append(noDocker(t), "DOCKER_HOST="+address)
	seen := map[string]bool{}
	for _, c := range []struct {
		name string
		env  []string
		want swarm.Fault
	}{
		{"no client certificate", tlsEnv(t, address, mixedFolder(t, ops, "")), swarm.NoClientCertificate},
		{"one of another authority", tlsEnv(t, address, mixedFolder(t, ops, stranger.client(t, "ops", false))), swarm.ForeignClientCertificate},
		{"one that has ended", tlsEnv(t, address, a.client(t, "old", true)), swarm.ClientCertificateEnded},
		{"one that is revoked", tlsEnv(t, address, revoked), swarm.ClientCertificateRevoked},
		{"an engine of an unknown authority", tlsEnv(t, address, mixedFolder(t, stranger.client(t, "other", false), ops)), swarm.UnknownServerAuthority},
		{"an engine of another name", tlsEnv(t, "tcp://localhost:2376", ops), swarm.OtherServerName},
		{"plain TCP to a TLS port", plain, swarm.PlainToTLS},
		{"TLS to a plain port", tlsEnv(t, plainEngine(t, n), ops), swarm.TLSToPlain},
	} {
		refused(t, r, c.env, string(c.want))
		if seen[string(c.want)] || strings.TrimSpace(string(c.want)) == "" {
			t.Errorf("%s: %q is said of two", c.name, c.want)
		}
		seen[string(c.want)] = true
	}
	ended := tlsEnv(t, address, a.client(t, "older", true))
	operatorRefuses(t, r, ended, string(swarm.ClientCertificateEnded))
	_, do := swarm.ClientCertificateEnded.Parts()
	doctored(t, r, ended, 1, "the client certificate has ended [", do)
}

// doctored is what the doctor says where the environment is so.
func doctored(t *testing.T, r *rig.Rig, env []string, code int, want ...string) {
	t.Helper()
	o := &operator{rig: r, node: r.Node(0), binary: rig.Build(t, "./controller"), env: env}
	out, got := o.cli(t, "", "doctor", "--http", ":"+usual.http, "--https", ":"+usual.https)
	for _, w := range want {
		if got != code || !strings.Contains(out, w) {
			t.Errorf("exit code %d, want %d and %q:\n%s", got, code, w, out)
		}
	}
}

func tlsEnv(t *testing.T, address, certs string) []string {
	t.Helper()
	return append(noDocker(t), "DOCKER_HOST="+address, "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH="+certs)
}

// operatorRefuses runs an operator that cannot reach the engine: it goes on, and
// says why.
func operatorRefuses(t *testing.T, r *rig.Rig, env []string, want string) {
	t.Helper()
	state, err := os.MkdirTemp("", "fairlead-e2e-") // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(state)
	o := &operator{rig: r, node: r.Node(0), binary: rig.Build(t, "./controller"), log: &logBuffer{}, ended: make(chan struct{})}
	o.command = o.node.Command(context.Background(), o.binary, "run", "--state-dir", state, "--http", ":"+usual.http, "--https", ":"+usual.https, "--admin", "127.0.0.1:"+usual.admin)
	o.command.Env = append(os.Environ(), env...)
	o.command.Stdout, o.command.Stderr = o.log, o.log
	if err := o.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { o.command.Wait(); close(o.ended) }()
	defer o.stop(t, syscall.SIGTERM)
	rig.Eventually(t, 30*time.Second, "the operator says why", func() error {
		if said := o.log.tail(50); o.isEnded() || !strings.Contains(said, want) {
			return errors.New(said)
		}
		return nil
	})
}

// plainEngine is the node's engine at a TCP address on its loopback, without TLS.
func plainEngine(t *testing.T, n *rig.Node) string {
	t.Helper()
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go acceptAll(l, strings.TrimPrefix(n.Host(), "unix://"))
	return "tcp://" + l.Addr().String()
}

func acceptAll(l net.Listener, socket string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go joinEngine(c, socket)
	}
}
