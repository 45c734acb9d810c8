package swarm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dockerConfig makes a folder as the docker command keeps it, with a context
// "far" and, with TLS, "safe"; current is the one in use.
func dockerConfig(t *testing.T, current string) string {
	dir := t.TempDir()
	write := func(data string, path ...string) {
		t.Helper()
		file := filepath.Join(append([]string{dir}, path...)...)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(`{"currentContext": %q}`, current), "config.json")
	write(`{"Name":"far","Endpoints":{"docker":{"Host":"ssh://ops@far.test"}}}`, "contexts", "meta", contextID("far"), "meta.json")
	write(`{"Name":"safe","Endpoints":{"docker":{"Host":"tcp://safe.test:2376","SkipTLSVerify":true}}}`, "contexts", "meta", contextID("safe"), "meta.json")
	write("x", "contexts", "tls", contextID("safe"), "docker", "ca.pem")
	return dir
}

func contextID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func TestTheAPIIsFoundAsTheDockerCommandFindsIt(t *testing.T) {
	plain, far := dockerConfig(t, ""), dockerConfig(t, "far")
	safeCerts := filepath.Join(plain, "contexts", "tls", contextID("safe"), "docker")
	cases := []struct {
		name    string
		options Options
		env     map[string]string
		want    endpoint
		wantErr string
	}{
		{name: "nothing is said: the local socket", env: map[string]string{"DOCKER_CONFIG": plain}, want: endpoint{Host: defaultHost}},
		{name: "no configuration at all", env: map[string]string{"HOME": filepath.Join(plain, "none")}, want: endpoint{Host: defaultHost}},
		{name: "DOCKER_HOST goes before the current context", env: map[string]string{"DOCKER_CONFIG": far, "DOCKER_HOST": "tcp://a.test:1"}, want: endpoint{Host: "tcp://a.test:1"}},
		{name: "the current context", env: map[string]string{"DOCKER_CONFIG": far}, want: endpoint{Host: "ssh://ops@far.test"}},
		{name: "DOCKER_CONTEXT goes before the current context", env: map[string]string{"DOCKER_CONFIG": far, "DOCKER_CONTEXT": "default"}, want: endpoint{Host: defaultHost}},
		{name: "a context with TLS", options: Options{Context: "safe"}, env: map[string]string{"DOCKER_CONFIG": plain}, want: endpoint{Host: "tcp://safe.test:2376", CertDir: safeCerts, SkipVerify: true}},
		{name: "the option goes before all", options: Options{Host: "unix:///x"}, env: map[string]string{"DOCKER_HOST": "tcp://a.test:1"}, want: endpoint{Host: "unix:///x"}},
		{name: "DOCKER_TLS_VERIFY verifies", env: map[string]string{"DOCKER_HOST": "tcp://a.test:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}, want: endpoint{Host: "tcp://a.test:2376", CertDir: "/certs"}},
		{name: "a context that is not there", options: Options{Context: "lost"}, env: map[string]string{"DOCKER_CONFIG": plain}, wantErr: `no docker context "lost"`},
		{name: "both options", options: Options{Context: "far", Host: "unix:///x"}, wantErr: "give one"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := findEndpoint(c.options, func(name string) string { return c.env[name] })
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("error %v, want %q", err, c.wantErr)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestSSHArgumentsCannotBecomeOptions(t *testing.T) {
	got, err := sshArgs("ssh://ops@far.test:2222/run/docker.sock")
	want := "-o ConnectTimeout=30 -T -l ops -p 2222 -- far.test docker --host unix:///run/docker.sock system dial-stdio"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("got %q, %v", strings.Join(got, " "), err)
	}
	for _, bad := range []string{"ssh://", "ssh://-oProxyCommand=x", "ssh://-lx@host"} {
		if got, err := sshArgs(bad); err == nil {
			t.Errorf("%s gives %q", bad, got)
		}
	}
}
