package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// clientAuth resolves the secrets that clients are verified with. What does not
// resolve becomes "", with which nobody comes, and is told of in rt.
func (r *resolver) clientAuth(rt *route, a *v1alpha1.ClientAuth) *snapshot.ClientAuth {
	out := &snapshot.ClientAuth{Required: a.Mode != v1alpha1.ClientVerifyIfGiven}
	ids, ok := r.authorities(rt, a.CASecretRefs)
	out.Authorities = ids
	if !ok {
		out.Authorities = slices.Insert(slices.Clone(ids), 0, "")
	}
	for _, name := range a.CRLSecretRefs {
		out.Revocations = append(out.Revocations, r.revocations(rt, name, ids))
	}
	slices.Sort(out.Revocations)
	out.Revocations = slices.Compact(out.Revocations)
	return out
}

// revocations is the ID of the Certificate that is a revocation list. Other
// authorities make another one, as whether it is good depends on them.
func (r *resolver) revocations(rt *route, name string, signers []string) string {
	s := r.secret(rt, name)
	if s == nil || len(signers) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(signers, "\n")))
	c := snapshot.Certificate{ID: r.text.join(s.ID, ".crl-", hex.EncodeToString(sum[:6])), Name: s.Name, CertSecret: s.ID, Signers: signers}
	r.certificates[c.ID] = c
	r.need(s)
	return c.ID
}

// shownTo are the IDs of the Certificates that clients are verified with.
func (rt *route) shownTo() []string {
	if rt.clientAuth == nil {
		return nil
	}
	return slices.Concat(rt.clientAuth.Authorities, rt.clientAuth.Revocations)
}

// unverified tells of a Certificate that clients are not let in without. Before
// any data plane has reported it is silent of those that resolve.
func (c *conditions) unverified() string {
	for _, id := range c.rt.shownTo() {
		switch report := c.certificates[id]; {
		case id == "":
			return "nobody gets in while a secret of clientAuth is missing"
		case len(c.in.Reports) > 0 && (report == nil || report.State != snapshot.CertificateLoaded):
			return fmt.Sprintf("nobody gets in without %q, by which clients are verified", c.resolver.certificates[id].Name)
		}
	}
	return ""
}
