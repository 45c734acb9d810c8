package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// ready is True where requests are served now, and else says what is waited for.
func (c *conditions) ready(endpoints int) {
	programmed := slices.ContainsFunc(c.list, func(x v1alpha1.Condition) bool {
		return x.Type == v1alpha1.Programmed && x.Status == v1alpha1.True
	})
	switch {
	case !c.rt.served():
		c.set(v1alpha1.Ready, v1alpha1.False, c.rt.refused.reason, "the Route is not accepted")
	case endpoints == 0 && !c.rt.redirects:
		c.set(v1alpha1.Ready, v1alpha1.False, v1alpha1.ReasonNoReadyEndpoints, c.noEndpoints())
	case c.unreachable() != "":
		c.set(v1alpha1.Ready, v1alpha1.False, v1alpha1.ReasonProgressing, c.unreachable())
	case c.unsecured() != "":
		c.set(v1alpha1.Ready, v1alpha1.False, c.certificateReason(), c.unsecured())
	case c.unverified() != "":
		c.set(v1alpha1.Ready, v1alpha1.False, c.certificateReason(), c.unverified())
	case !c.hasCertificate():
		c.set(v1alpha1.Ready, v1alpha1.False, c.certificateReason(), "no certificate can be served yet"+c.certificateTrouble())
	case !programmed:
		c.set(v1alpha1.Ready, v1alpha1.False, v1alpha1.ReasonProgressing, "waiting for the data plane")
	default:
		c.set(v1alpha1.Ready, v1alpha1.True, v1alpha1.ReasonReady, c.shortcomings())
	}
}

// unreachable tells of a Network without a running Tender, where no Endpoint of
// the Route stands on any other.
func (c *conditions) unreachable() string {
	missing := ""
	for _, i := range c.rt.backends {
		b := &c.resolver.backends[i]
		if len(b.Endpoints) == 0 {
			continue
		}
		if b.Network == "" || c.resolver.tended[b.Network] || c.reachesElsewhere(b) {
			return ""
		}
		missing = "waiting for the tender on network " + c.resolver.world.networks[b.Network].Name + c.trouble(b.Network)
	}
	return missing
}

// unsecured tells of a Certificate that a Backend is not to be spoken to without,
// where there is no other Backend with Endpoints. Before any data plane has
// reported it is silent.
func (c *conditions) unsecured() string {
	missing := ""
	for _, i := range c.rt.backends {
		b := &c.resolver.backends[i]
		switch why := c.lacks(b); {
		case len(b.Endpoints) == 0:
		case why == "":
			return ""
		default:
			missing = why
		}
	}
	return missing
}

// lacks says what a Backend's Endpoints cannot be spoken to without.
func (c *conditions) lacks(b *snapshot.Backend) string {
	if b.TLS == nil {
		return ""
	}
	for _, id := range append(b.TLS.Authorities[:len(b.TLS.Authorities):len(b.TLS.Authorities)], b.TLS.Certificate) {
		if report := c.certificates[id]; id != "" && len(c.in.Reports) > 0 && (report == nil || report.State != snapshot.CertificateLoaded) {
			return fmt.Sprintf("%s is not spoken to without the certificate %q", b.Name, c.resolver.certificates[id].Name)
		}
	}
	return ""
}

// trouble says why the Tender of a network or secret does not start, if it is known.
func (c *conditions) trouble(id string) string {
	if why := c.resolver.trouble[id]; why != "" {
		return ", which does not start: " + why
	}
	return ""
}

// certificateTrouble is that of the Route's first secret that has any.
func (c *conditions) certificateTrouble() string {
	for _, id := range c.rt.certificates {
		certificate := c.resolver.certificates[id]
		for _, secret := range []string{certificate.CertSecret, certificate.KeySecret} {
			if c.resolver.trouble[secret] != "" {
				return ": waiting for the tender with its secrets" + c.trouble(secret)
			}
		}
	}
	return ""
}

// reachesElsewhere says whether an Endpoint stands on another network than its
// Backend's, where a Tender runs.
func (c *conditions) reachesElsewhere(b *snapshot.Backend) bool {
	return slices.ContainsFunc(b.Endpoints, func(e snapshot.Endpoint) bool { return c.resolver.tended[e.Network] })
}

func (c *conditions) noEndpoints() string {
	if len(c.rt.unresolved) > 0 {
		return joinMessages(c.rt.unresolved)
	}
	return cmp.Or(both(c.emptyBackends(), c.outBackends()), "the Route names no backend")
}

// shortcomings are what is not as it should be, though requests are served.
func (c *conditions) shortcomings() string {
	return both(both(c.emptyBackends(), c.outBackends()), c.forgetful())
}

// both joins two messages, each of which may be none.
func both(a, b string) string {
	if a != "" && b != "" {
		return a + "; " + b
	}
	return a + b
}

// forgetful says that sessions are not kept, though the Route wants that.
func (c *conditions) forgetful() string {
	lacks := func(r snapshot.Report) bool { return !r.Sessions }
	if !keepsSessions(c.rt.rules) || !slices.ContainsFunc(c.in.Reports, lacks) {
		return ""
	}
	return "sessions are not kept yet: their key has not come to every data plane"
}

// emptyBackends names the Backends without Endpoints.
func (c *conditions) emptyBackends() string {
	var names []string
	for _, i := range c.rt.backends {
		if b := &c.resolver.backends[i]; len(b.Endpoints) == 0 {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "no running task: " + strings.Join(names, ", ")
}

func (c *conditions) hasCertificate() bool {
	if tls := c.rt.spec.TLS; tls == nil || tls.Mode != v1alpha1.TLSTerminate {
		return true
	}
	for id := range ids(c.rt.certificates, c.rt.earlier) {
		if report := c.certificates[id]; report != nil && report.State == snapshot.CertificateLoaded {
			return true
		}
	}
	return false
}

// certificateReason is Progressing while a Certificate may still come.
func (c *conditions) certificateReason() string {
	for _, x := range c.list {
		if x.Type == v1alpha1.ResolvedRefs && x.Status == v1alpha1.False {
			return x.Reason
		}
	}
	return v1alpha1.ReasonProgressing
}
