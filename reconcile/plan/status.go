package plan

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// A Certificate that ends within this time is CertificateExpiring.
const expiryNotice = 14 * 24 * time.Hour

// makeStatuses makes one Status for each object, sorted by key.
func makeStatuses(in *Input, routes []*route, r *resolver, s *snapshot.Snapshot) []Status {
	certificates := certificateReports(in.Reports)
	out := make([]Status, 0, len(routes))
	c := conditions{in: in, resolver: r, snapshot: s, certificates: certificates, outages: outages(in.Reports), behind: behind(in.Reports, s)}
	for _, rt := range routes {
		c.rt, c.list = rt, c.list[:0]
		out = append(out, c.status())
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// certificateReports keeps for each Certificate the worst that a data plane says.
func certificateReports(reports []snapshot.Report) map[string]*snapshot.CertificateReport {
	if len(reports) == 0 {
		return nil
	}
	worst := make(map[string]*snapshot.CertificateReport, len(reports[0].Certificates))
	for i := range reports {
		for j := range reports[i].Certificates {
			c := &reports[i].Certificates[j]
			if known := worst[c.ID]; known == nil || severity(c.State) > severity(known.State) {
				worst[c.ID] = c
			}
		}
	}
	return worst
}

func severity(s snapshot.CertificateState) int {
	switch s {
	case snapshot.CertificateInvalid:
		return 2
	case snapshot.CertificatePending:
		return 1
	}
	return 0
}

// conditions makes the Conditions of one Route.
type conditions struct {
	in           *Input
	rt           *route
	resolver     *resolver
	snapshot     *snapshot.Snapshot
	certificates map[string]*snapshot.CertificateReport
	outages      map[string]bool      // Endpoints by ID
	behind       int                  // data planes that do not serve the Snapshot
	list         []v1alpha1.Condition // of this Route; its room is used for the next
	last         []v1alpha1.Condition // those made last: the next are mostly the same, and then share them
}

func (c *conditions) status() Status {
	ready := c.readyEndpoints()
	c.accepted()
	c.resolvedRefs()
	c.programmed()
	c.ready(ready)
	c.negative()
	o := c.rt.object
	next := c.next(ready)
	return Status{Key: o.Key, Generation: o.Generation, Status: next, Changed: changed(o, &next)}
}

// next has the stored Conditions where ours say the same: mostly they do.
func (c *conditions) next(ready int) v1alpha1.Status {
	stored := c.rt.object.Status
	slices.SortFunc(c.list, func(a, b v1alpha1.Condition) int { return strings.Compare(a.Type, b.Type) })
	certificate := c.certificateStatus()
	if stored != nil && slices.EqualFunc(stored.Conditions, c.list, sameCondition) {
		return v1alpha1.Status{Conditions: stored.Conditions, ReadyEndpoints: ready, Certificate: certificate}
	}
	next := stored.WithTransitions(v1alpha1.Status{Conditions: c.list, ReadyEndpoints: ready, Certificate: certificate}, c.in.Now)
	if slices.Equal(next.Conditions, c.last) {
		next.Conditions = c.last
	}
	c.last = next.Conditions
	return next
}

// sameCondition compares all but the time.
func sameCondition(a, b v1alpha1.Condition) bool {
	b.LastTransitionTime = a.LastTransitionTime
	return a == b
}

// changed compares with what is stored. A stored status of a later generation
// than ours is not written over.
func changed(o *Object, next *v1alpha1.Status) bool {
	if o.Status == nil {
		return true
	}
	for _, c := range o.Status.Conditions {
		if c.ObservedGeneration > o.Generation {
			return false
		}
	}
	return o.Status.ReadyEndpoints != next.ReadyEndpoints || o.Status.Certificate != next.Certificate || !slices.Equal(o.Status.Conditions, next.Conditions)
}

func (c *conditions) set(t string, status v1alpha1.ConditionStatus, reason, message string) {
	c.list = append(c.list, v1alpha1.Condition{
		Type: t, Status: status, Reason: reason, Message: message, ObservedGeneration: c.rt.object.Generation,
	})
}

func (c *conditions) readyEndpoints() int {
	n := 0
	if c.rt.served() {
		for _, i := range c.rt.backends {
			b := &c.resolver.backends[i]
			n += len(b.Endpoints) - c.out(b)
		}
	}
	return n
}

func (c *conditions) accepted() {
	if !c.rt.served() {
		c.set(v1alpha1.Accepted, v1alpha1.False, c.rt.refused.reason, c.rt.refused.message)
		return
	}
	c.set(v1alpha1.Accepted, v1alpha1.True, v1alpha1.ReasonAccepted, strings.Join(append(slices.Clone(c.rt.object.Notes), c.rt.shared...), "; "))
}

func (c *conditions) resolvedRefs() {
	findings := slices.Clone(c.rt.unresolved)
	for id := range ids(c.rt.certificates, c.rt.secured, c.rt.shownTo()) {
		if report := c.certificates[id]; report != nil && report.State == snapshot.CertificateInvalid {
			findings = append(findings, c.badCertificate(id, report.Message))
		}
	}
	for _, id := range c.rt.certificates {
		if report := c.certificates[id]; report != nil && report.State == snapshot.CertificateLoaded {
			findings = append(findings, c.unfit(id, report)...)
		}
	}
	if len(findings) > 0 {
		c.set(v1alpha1.ResolvedRefs, v1alpha1.False, findings[0].reason, joinMessages(findings))
		return
	}
	c.set(v1alpha1.ResolvedRefs, v1alpha1.True, v1alpha1.ReasonResolvedRefs, "")
}

// ids are those of all lists.
func ids(lists ...[]string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, list := range lists {
			for _, id := range list {
				if !yield(id) {
					return
				}
			}
		}
	}
}

func (c *conditions) badCertificate(id, why string) finding {
	return finding{v1alpha1.ReasonInvalidCertificateRef, fmt.Sprintf("certificate %q: %s", c.resolver.certificates[id].Name, why)}
}

// unfit finds what keeps a certificate that is loaded from being shown: it has
// ended, or is for none of the Route's hosts.
func (c *conditions) unfit(id string, r *snapshot.CertificateReport) []finding {
	var findings []finding
	if !r.NotAfter.IsZero() && !r.NotAfter.After(c.in.Now) {
		findings = append(findings, c.badCertificate(id, "it ended at "+r.NotAfter.UTC().Format(time.RFC3339)))
	}
	isFor := func(host string) bool {
		return slices.ContainsFunc(r.Names, func(name string) bool { return Covers(strings.ToLower(name), host) })
	}
	if len(r.Names) > 0 && !slices.ContainsFunc(c.rt.spec.Hosts, isFor) {
		findings = append(findings, c.badCertificate(id, fmt.Sprintf("it is for %s, and for none of the hosts", strings.Join(r.Names, ", "))))
	}
	return findings
}

// Covers says whether a name of a certificate is for a host or, with a wildcard
// of one label (RFC 6125 section 6.4.3), for hosts of a pattern.
func Covers(name, host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	suffix, wild := strings.CutPrefix(name, "*.")
	if name == host || host == "*" || !wild {
		return name == host || host == "*"
	}
	_, rest, _ := strings.Cut(host, ".")
	return rest == suffix
}

// behind counts the data planes that do not serve s.
func behind(reports []snapshot.Report, s *snapshot.Snapshot) int {
	n := 0
	for _, r := range reports {
		if r.Version != s.Version {
			n++
		}
	}
	return n
}

// programmed is True once every data plane serves the Snapshot. It stays True
// while only other things of the Snapshot change.
func (c *conditions) programmed() {
	switch {
	case !c.rt.served():
		c.set(v1alpha1.Programmed, v1alpha1.False, v1alpha1.ReasonInvalid, "the Route is not accepted")
	case len(c.in.Reports) == 0:
		c.set(v1alpha1.Programmed, v1alpha1.Unknown, v1alpha1.ReasonPending, "no data plane has reported yet")
	case c.behind == 0 || c.rt.object.Status.Is(v1alpha1.Programmed, c.rt.object.Generation):
		c.set(v1alpha1.Programmed, v1alpha1.True, v1alpha1.ReasonProgrammed, "")
	case c.behind == len(c.in.Reports):
		c.set(v1alpha1.Programmed, v1alpha1.Unknown, v1alpha1.ReasonPending, "waiting for the data plane")
	default:
		c.set(v1alpha1.Programmed, v1alpha1.False, v1alpha1.ReasonProxiesOutOfSync,
			fmt.Sprintf("%d of %d data planes have not acknowledged this generation", c.behind, len(c.in.Reports)))
	}
}

// negative sets the Conditions that stand only while they are True.
func (c *conditions) negative() {
	o := c.rt.object
	switch {
	case o.Route == nil && c.rt.spec != nil:
		c.set(v1alpha1.PartiallyInvalid, v1alpha1.True, v1alpha1.ReasonInvalid, fmt.Sprintf(
			"Fall Back to generation %d, since generation %d cannot be used: %s", c.rt.generation, o.Generation, refusal(o.Problems).message))
	case c.rt.served() && len(c.rt.dropped)+len(o.Ignored) > 0:
		findings := slices.Clone(c.rt.dropped)
		for _, p := range o.Ignored {
			findings = append(findings, finding{p.Reason, p.String()})
		}
		c.set(v1alpha1.PartiallyInvalid, v1alpha1.True, findings[0].reason, joinMessages(findings))
	}
	if len(c.rt.conflicts) > 0 {
		c.set(v1alpha1.Conflicted, v1alpha1.True, c.rt.conflicts[0].reason, joinMessages(c.rt.conflicts))
	}
	c.expiring()
}

func (c *conditions) expiring() {
	var findings []finding
	for id := range ids(c.rt.certificates, c.rt.secured, c.rt.shownTo()) {
		report := c.certificates[id]
		if report == nil || report.State != snapshot.CertificateLoaded || report.NotAfter.IsZero() {
			continue
		}
		certificate := c.resolver.certificates[id]
		end := report.NotAfter.UTC().Format(time.RFC3339)
		switch left := report.NotAfter.Sub(c.in.Now); {
		case len(certificate.Signers) > 0 && left > 0: // the next list may well come in time
		case len(certificate.Signers) > 0:
			findings = append(findings, finding{v1alpha1.ReasonExpired, fmt.Sprintf(
				"the revocation list %q was to be followed by another one at %s: it goes on being used", certificate.Name, end)})
		case left <= 0:
			findings = append(findings, finding{v1alpha1.ReasonExpired, "the certificate ended at " + end})
		case left < expiryNotice:
			findings = append(findings, finding{v1alpha1.ReasonExpiring, "the certificate ends at " + end})
		}
	}
	if len(findings) > 0 {
		c.set(v1alpha1.CertificateExpiring, v1alpha1.True, findings[0].reason, joinMessages(findings))
	}
}
