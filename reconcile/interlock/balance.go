package interlock

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// readBackend reads everything of the one backend.
func (t *translation) readBackend(short string) v1alpha1.Backend {
	b := v1alpha1.Backend{Service: short, Network: t.readNetwork()}
	number, ok := t.number(port, 1, 65535)
	if !ok {
		t.refuse(port, "is required: the port that the service's containers listen on, as in \"8080\"")
	}
	b.Port = number
	switch mode := t.text(backendMode); mode {
	case "vip":
		b.Mode = v1alpha1.BackendVIP
	case "", "task", "default":
	default:
		t.wrong(backendMode, "is %q, must be task or vip", mode)
	}
	t.readBackendTLS(&b)
	return b
}

func (t *translation) readBackendTLS(b *v1alpha1.Backend) {
	if t.isTrue(sslBackend) {
		b.Protocol = v1alpha1.ProtocolHTTPS
	}
	switch verify := t.text(sslVerify); {
	case verify == "":
	case b.Protocol != v1alpha1.ProtocolHTTPS:
		t.skip(sslVerify, "has nothing to say without ssl_backend")
	case verify == "none" || verify == "false":
		b.TLS = &v1alpha1.BackendTLS{InsecureSkipVerify: true}
	default:
		t.skip(sslVerify, "is needless: the service's certificate is verified unless it says none")
	}
}

// secureBackend says whose certificate a service that is spoken to with TLS has to
// show: that of its first host, or of its own name where it has none.
func (t *translation) secureBackend(w *wish) {
	if w.backend.Protocol != v1alpha1.ProtocolHTTPS {
		return
	}
	name := w.short
	if i := slices.IndexFunc(w.hosts, func(host string) bool { return !strings.HasPrefix(host, "*") }); i >= 0 {
		name = w.hosts[i]
	}
	if w.backend.TLS != nil {
		w.backend.TLS.Hostname = name
		t.note(sslBackend, "did nothing in Interlock; here the service is spoken to with TLS")
		t.note(sslVerify, "did nothing in Interlock; here the service's certificate is not looked at, so whoever stands between could be it")
		return
	}
	w.backend.TLS = &v1alpha1.BackendTLS{Hostname: name}
	t.note(sslBackend, "did nothing in Interlock; here the service is spoken to with TLS, and has to have a certificate for %s", name)
}

// readNetwork reads the network's name, which may lack the stack's. Where there
// is only one network a wrong name did no harm, so it does none here.
func (t *translation) readNetwork() string {
	name := t.swarmName(network)
	if name == "" || len(t.Networks) == 0 {
		return name
	}
	for _, n := range t.Networks {
		if n == name || t.Namespace != "" && n == t.Namespace+"_"+name {
			return name
		}
	}
	if len(t.Networks) == 1 {
		t.skip(network, "is %q, and the service is attached to %s only, which is taken", name, t.Networks[0])
		return ""
	}
	t.add(Problem{Label: Prefix + network, Value: name, Reason: v1alpha1.ReasonNoSharedNetwork,
		Message: "is \"" + name + "\", to which the service is not attached: name one of its networks"})
	return name
}

// readBalancing reads which task is chosen. Of several labels the first counts.
func (t *translation) readBalancing(w *wish) *v1alpha1.LoadBalancing {
	choices := []struct {
		label string
		lb    *v1alpha1.LoadBalancing
	}{{stickyCookie, t.readCookie(w)}, {ipHash, t.readIPHash()}, {algorithm, t.readAlgorithm()}}
	var chosen *v1alpha1.LoadBalancing
	by := ""
	for _, c := range choices {
		switch {
		case c.lb == nil:
		case w.backend.Mode == v1alpha1.BackendVIP && c.lb.Type != v1alpha1.RoundRobin:
			t.wrong(c.label, "has no effect with backend_mode vip, where Swarm chooses the task: remove one of them")
		case chosen != nil:
			t.wrong(c.label, "stands beside %s, which counts: remove one of them", by)
		default:
			chosen, by = c.lb, c.label
		}
	}
	return chosen
}

func hashed(k v1alpha1.HashKey) *v1alpha1.LoadBalancing {
	return &v1alpha1.LoadBalancing{Type: v1alpha1.ConsistentHash, ConsistentHash: &k}
}

func (t *translation) readCookie(w *wish) *v1alpha1.LoadBalancing {
	name := t.text(stickyCookie)
	switch {
	case name == "":
		return nil
	case name == "none":
		t.skip(stickyCookie, "is \"none\", as it stood in the table of defaults, so no cookie is looked at")
		return nil
	case !token.MatchString(name) || len(name) > 128:
		t.wrong(stickyCookie, "is %q, must be the name of a cookie of the application", name)
		return nil
	case w.passthrough():
		t.wrong(stickyCookie, "has no effect with ssl_passthrough, where cookies are encrypted: use ip_hash")
		return nil
	}
	return hashed(v1alpha1.HashKey{Cookie: name})
}

func (t *translation) readIPHash() *v1alpha1.LoadBalancing {
	if !t.isTrue(ipHash) {
		return nil
	}
	return hashed(v1alpha1.HashKey{ClientIP: true})
}

func (t *translation) readAlgorithm() *v1alpha1.LoadBalancing {
	name := t.text(algorithm)
	lb := map[string]*v1alpha1.LoadBalancing{
		"round_robin": {Type: v1alpha1.RoundRobin},
		"least_conn":  {Type: v1alpha1.LeastRequest},
		"ip_hash":     hashed(v1alpha1.HashKey{ClientIP: true}),
	}[name]
	switch {
	case lb != nil:
		t.note(algorithm, "was never released with Interlock; here it counts")
	case name != "":
		t.wrong(algorithm, "is %q, must be round_robin, least_conn or ip_hash", name)
	}
	return lb
}
