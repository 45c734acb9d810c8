package swarm

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

// endpoint is where the Docker API is, and how it is to be trusted.
type endpoint struct {
	Host string
	// CertDir holds ca.pem, cert.pem and key.pem, of which each may be missing;
	// "" is no TLS.
	CertDir string
	// SkipVerify: the server's certificate is not verified.
	SkipVerify bool
	// Shown keeps the certificate that the engine showed last; nil keeps none.
	Shown *atomic.Pointer[x509.Certificate]
}

const defaultHost = "unix:///var/run/docker.sock"

// findEndpoint looks in the order of the docker command: the options,
// DOCKER_HOST, DOCKER_CONTEXT, the current context of the configuration, and
// the local socket. A context that was chosen and is not there is an error.
func findEndpoint(o Options, env func(string) string) (endpoint, error) {
	if o.Host != "" && o.Context != "" {
		return endpoint{}, errors.New("a host and a context are given: give one")
	}
	switch {
	case o.Host != "":
		return environmentEndpoint(o.Host, env), nil
	case o.Context != "":
		return contextEndpoint(o.Context, env)
	case env("DOCKER_HOST") != "":
		return environmentEndpoint(env("DOCKER_HOST"), env), nil
	case env("DOCKER_CONTEXT") != "":
		return contextEndpoint(env("DOCKER_CONTEXT"), env)
	}
	current, err := currentContext(env)
	if err != nil {
		return endpoint{}, err
	}
	return contextEndpoint(current, env)
}

// environmentEndpoint is host with the TLS settings of the environment.
func environmentEndpoint(host string, env func(string) string) endpoint {
	e := endpoint{Host: host}
	if env("DOCKER_TLS_VERIFY") != "" || env("DOCKER_TLS") != "" {
		e.CertDir = cmp.Or(env("DOCKER_CERT_PATH"), configDir(env))
		e.SkipVerify = env("DOCKER_TLS_VERIFY") == ""
	}
	return e
}

func configDir(env func(string) string) string {
	return cmp.Or(env("DOCKER_CONFIG"), filepath.Join(env("HOME"), ".docker"))
}

// currentContext is what `docker context use` chose; "default" where nothing was.
func currentContext(env func(string) string) (string, error) {
	path := filepath.Join(configDir(env), "config.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "default", nil
	}
	if err != nil {
		return "", fmt.Errorf("docker configuration: %w", err)
	}
	var config struct{ CurrentContext string }
	if err := json.Unmarshal(data, &config); err != nil {
		return "", fmt.Errorf("docker configuration %s: %w", path, err)
	}
	return cmp.Or(config.CurrentContext, "default"), nil
}

// contextEndpoint reads a docker context from the docker command's own folder,
// where a context's files stand under the SHA-256 of its name.
func contextEndpoint(name string, env func(string) string) (endpoint, error) {
	if name == "default" {
		return environmentEndpoint(defaultHost, env), nil
	}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	root := filepath.Join(configDir(env), "contexts")
	data, err := os.ReadFile(filepath.Join(root, "meta", id, "meta.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return endpoint{}, fmt.Errorf("there is no docker context %q: `docker context ls` shows those that are", name)
	}
	if err != nil {
		return endpoint{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(data, &meta); err != nil {
		return endpoint{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	docker := meta.Endpoints["docker"]
	e := endpoint{Host: cmp.Or(docker.Host, defaultHost), SkipVerify: docker.SkipTLSVerify}
	certs := filepath.Join(root, "tls", id, "docker")
	if _, err := os.Stat(certs); err == nil {
		e.CertDir = certs
	}
	return e, nil
}
