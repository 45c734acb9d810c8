package swarm

import (
	"context"
	"path/filepath"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"

	"fairlead.dev/fairlead/reconcile/plan"
)

// Engine is what an engine says of itself and of its swarm.
type Engine struct {
	Address    string
	Name       string
	APIVersion string
	// State is the local node's: active where it is in a swarm.
	State   string
	Manager bool
	// Time is the engine's clock; Asked is ours in the middle of the call that
	// told, which took so long.
	Time, Asked time.Time
	Took        time.Duration
	// Members and Published are known of a manager that has a leader; else
	// Headless says why not.
	Members   []Member
	Published []Published
	Headless  error
	// Certificates are those of the connection, where it is over TLS.
	Certificates []ConnectionCertificate
}

// Member is a node as the managers see it.
type Member struct {
	Name, State, Availability  string
	Manager, Reachable, Leader bool
}

// Published is a TCP port that a service publishes.
type Published struct {
	Service string
	Port    int
	// Ingress: on every node, through the ingress mesh.
	Ingress bool
}

// ConnectionCertificate is one that the connection to the engine stands on, or a
// list of those that are revoked.
type ConnectionCertificate struct {
	// What says whose it is.
	What     string
	NotAfter time.Time
}

// IdleTender is a Tender without a running task, and why, where that is known.
type IdleTender struct{ Name, Error string }

// Engine asks the engine for what it is. It fails where the engine does not
// answer; what only a leader can tell may be missing.
func (c *Client) Engine(ctx context.Context) (Engine, error) {
	e := Engine{Address: c.endpoint.Host}
	start := time.Now()
	info, err := call(ctx, c, "info", func(ctx context.Context) (system.Info, error) { return c.docker.Info(ctx) })
	if err != nil {
		return e, err
	}
	e.Took = time.Since(start)
	e.Asked = start.Add(e.Took / 2)
	e.Time, _ = time.Parse(time.RFC3339Nano, info.SystemTime) // zero where it says none
	e.Name, e.State, e.Manager = info.Name, string(info.Swarm.LocalNodeState), info.Swarm.ControlAvailable
	version, err := call(ctx, c, "version", func(ctx context.Context) (types.Version, error) { return c.docker.ServerVersion(ctx) })
	if err != nil {
		return e, err
	}
	e.APIVersion = version.APIVersion
	e.Certificates = c.endpoint.certificates()
	if e.Manager {
		e.Headless = c.askLeader(ctx, &e)
	}
	return e, nil
}

func (c *Client) askLeader(ctx context.Context, e *Engine) error {
	nodes, err := call(ctx, c, "list nodes", func(ctx context.Context) ([]swarm.Node, error) {
		return c.docker.NodeList(ctx, swarm.NodeListOptions{})
	})
	if err != nil {
		return err
	}
	for i := range nodes {
		e.Members = append(e.Members, newMember(&nodes[i]))
	}
	services, err := call(ctx, c, "list services", func(ctx context.Context) ([]swarm.Service, error) {
		return c.docker.ServiceList(ctx, swarm.ServiceListOptions{})
	})
	for i := range services {
		e.Published = append(e.Published, published(&services[i])...)
	}
	return err
}

func newMember(n *swarm.Node) Member {
	m := Member{Name: n.Description.Hostname, State: string(n.Status.State), Availability: string(n.Spec.Availability)}
	if s := n.ManagerStatus; s != nil {
		m.Manager, m.Leader, m.Reachable = true, s.Leader, s.Reachability == swarm.ReachabilityReachable
	}
	return m
}

func published(s *swarm.Service) []Published {
	var out []Published
	for _, p := range s.Endpoint.Ports {
		if p.Protocol == swarm.PortConfigProtocolTCP && p.PublishedPort != 0 {
			out = append(out, Published{Service: s.Spec.Name, Port: int(p.PublishedPort), Ingress: p.PublishMode != swarm.PortConfigPublishModeHost})
		}
	}
	return out
}

// IdleTenders are the Tenders of a World that have no running task.
func (c *Client) IdleTenders(ctx context.Context, w plan.World) ([]IdleTender, error) {
	idle := idleTenders(w.Services, w.Tasks)
	if len(idle) == 0 {
		return nil, nil
	}
	ids := make([]string, len(idle))
	for i, at := range idle {
		ids[i] = w.Services[at].ID
	}
	why, err := c.lastErrors(ctx, ids)
	out := make([]IdleTender, len(idle))
	for i, at := range idle {
		out[i] = IdleTender{Name: w.Services[at].Name, Error: why[ids[i]]}
	}
	return out, err
}

// certificates are those in the folder, with its lists, and the one that the engine showed last.
func (e endpoint) certificates() []ConnectionCertificate {
	if e.CertDir == "" {
		return nil
	}
	m, err := readMaterial(e.CertDir)
	if err != nil {
		return nil // the connection says so
	}
	var out []ConnectionCertificate
	for _, c := range m.own {
		out = append(out, ConnectionCertificate{filepath.Join(e.CertDir, "cert.pem") + ": " + c.Subject.String(), c.NotAfter})
	}
	for _, c := range m.authorities {
		out = append(out, ConnectionCertificate{filepath.Join(e.CertDir, "ca.pem") + ": " + c.Subject.String(), c.NotAfter})
	}
	for _, l := range m.revoked {
		out = append(out, ConnectionCertificate{filepath.Join(e.CertDir, "crl.pem") + ", a list of " + l.Issuer.String(), l.NextUpdate})
	}
	if shown := e.Shown; shown != nil && shown.Load() != nil {
		c := shown.Load()
		out = append(out, ConnectionCertificate{"the engine's certificate: " + c.Subject.String(), c.NotAfter})
	}
	return out
}
