package plan

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// certificateStatus says which certificates serve the Route, and keeps what
// somebody asks for until it is there. It is the stored one where that says the
// same, and nil where there is nothing to say.
func (c *conditions) certificateStatus() *v1alpha1.CertificateStatus {
	var next v1alpha1.CertificateStatus
	var stored *v1alpha1.CertificateStatus
	if s := c.rt.object.Status; s != nil {
		stored = s.Certificate
	}
	if c.rt.served() && c.rt.spec.TLS != nil && c.rt.spec.TLS.Mode == v1alpha1.TLSTerminate {
		next.Serving = c.serving(stored)
		newest := newestIssued(c.resolver.world.labelled[RouteLabel(c.rt.object.Key)])
		if renew := renewalOf(c.rt.object.Status); c.rt.spec.TLS.IssuerRef != "" && isAsked(renew, newest) {
			next.Renew = renew
		}
	}
	switch {
	case stored != nil && next.Renew == stored.Renew && slices.EqualFunc(next.Serving, stored.Serving, sameServing):
		return stored
	case next.Renew == nil && len(next.Serving) == 0:
		return nil
	}
	return &next
}

// serving are the certificates that every data plane has, sorted by their secrets'
// names: those that the Route names, or what stands behind one that is no good.
// One that served goes on to as long as nobody says anything else.
func (c *conditions) serving(stored *v1alpha1.CertificateStatus) []v1alpha1.ServingCertificate {
	if stored != nil && len(c.in.Reports) == 0 {
		return stored.Serving
	}
	var out []v1alpha1.ServingCertificate
	add := func(id string) bool {
		s, ok := c.serves(id, stored)
		if ok && !slices.ContainsFunc(out, func(o v1alpha1.ServingCertificate) bool { return o.Secret == s.Secret }) {
			out = append(out, s)
		}
		return ok
	}
	for _, id := range c.rt.certificates {
		if add(id) {
			continue
		}
		label := c.labelOf(id)
		for _, earlier := range c.rt.earlier {
			if label != "" && c.labelOf(earlier) == label && add(earlier) {
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.ServingCertificate) int { return strings.Compare(a.Secret, b.Secret) })
	return out
}

// labelOf is the label of a Certificate's secrets, or "".
func (c *conditions) labelOf(id string) string {
	if s := c.resolver.secrets[c.resolver.certificates[id].CertSecret]; s != nil {
		return s.Certificate
	}
	return ""
}

// serves says what of a Certificate serves, and whether it does.
func (c *conditions) serves(id string, stored *v1alpha1.CertificateStatus) (s v1alpha1.ServingCertificate, ok bool) {
	s.Secret = c.resolver.certificates[id].Name
	did := -1
	if stored != nil {
		did = slices.IndexFunc(stored.Serving, func(o v1alpha1.ServingCertificate) bool { return o.Secret == s.Secret })
	}
	switch report := c.certificates[id]; {
	case report != nil && report.State == snapshot.CertificateLoaded && len(c.unfit(id, report)) > 0:
		return s, false
	case report != nil && report.State == snapshot.CertificateLoaded && (c.behind == 0 || did >= 0):
		s.NotAfter, s.DNSNames = report.NotAfter.UTC(), report.Names
		return s, true
	case did >= 0 && (report == nil || report.State == snapshot.CertificatePending):
		return stored.Serving[did], true
	}
	return s, false
}

func sameServing(a, b v1alpha1.ServingCertificate) bool {
	return a.Secret == b.Secret && a.NotAfter.Equal(b.NotAfter) && slices.Equal(a.DNSNames, b.DNSNames)
}
