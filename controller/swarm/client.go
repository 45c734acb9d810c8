package swarm

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/docker/docker/client"
)

// Options say where the Docker API is.
type Options struct {
	// Host is a unix://, tcp:// or ssh:// address; "" goes by DOCKER_HOST and
	// the context.
	Host string
	// Context is the name of a docker context; "" goes by DOCKER_CONTEXT and
	// the docker command's configuration.
	Context string
	// OnCall is told of every call to the API; nil tells nobody.
	OnCall func(call string, took time.Duration, err error)
}

// Client is a connection to the API of a swarm manager.
type Client struct {
	docker   *client.Client
	endpoint endpoint
	onCall   func(call string, took time.Duration, err error)
}

// Connect finds the API as the docker command does. It makes no call: the API
// version is negotiated with the first one, and again after a failure.
func Connect(o Options) (*Client, error) {
	e, err := findEndpoint(o, os.Getenv)
	if err != nil {
		return nil, err
	}
	e.Shown = &atomic.Pointer[x509.Certificate]{}
	opts, err := e.clientOptions()
	if err != nil {
		return nil, fmt.Errorf("docker API at %s: %w", e.Host, err)
	}
	opts = append(opts, client.WithAPIVersionNegotiation(), client.WithUserAgent("fairlead"))
	docker, err := client.NewClientWithOpts(opts...)
	if err != nil {
		return nil, fmt.Errorf("docker API at %s: %w", e.Host, err)
	}
	c := &Client{docker: docker, endpoint: e, onCall: o.OnCall}
	if c.onCall == nil {
		c.onCall = func(string, time.Duration, error) {}
	}
	return c, nil
}

// clientOptions turn the endpoint into options of the Docker client.
func (e endpoint) clientOptions() ([]client.Opt, error) {
	if strings.HasPrefix(e.Host, "ssh://") {
		dial, err := sshDialer(e.Host)
		if err != nil {
			return nil, err
		}
		transport := &http.Transport{DialContext: dial}
		return []client.Opt{
			client.WithHTTPClient(&http.Client{Transport: transport}),
			client.WithHost("http://docker.example.com"), // the name in the Host header; never looked up
			client.WithDialContext(dial),
		}, nil
	}
	opts := []client.Opt{client.WithHost(e.Host)}
	config, err := e.tlsConfig()
	if err != nil {
		return nil, err
	}
	if config != nil {
		opts = append([]client.Opt{client.WithHTTPClient(&http.Client{Transport: tlsTransport(config), CheckRedirect: client.CheckRedirect})}, opts...)
		opts = append(opts, client.WithScheme("https"))
	}
	return opts, nil
}

// Close ends idle connections.
func (c *Client) Close() error { return c.docker.Close() }

// One call may take this long. A swarm without a leader does not answer at all.
const callTimeout = 15 * time.Second

// call makes one call to the API, bounded in time and counted, and wraps its error.
func call[T any](ctx context.Context, c *Client, name string, do func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	start := time.Now()
	v, err := do(ctx)
	c.onCall(name, time.Since(start), err)
	if err != nil {
		return v, fmt.Errorf("%s: %w", name, c.endpoint.diagnose(err))
	}
	return v, nil
}

// call0 is call for what returns only an error.
func call0(ctx context.Context, c *Client, name string, do func(context.Context) error) error {
	_, err := call(ctx, c, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
	return err
}
