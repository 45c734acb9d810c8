package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// secure resolves the secrets that b is to be spoken to with, and says in rt
// what is wrong with them. It returns nil for a Backend in the clear.
func (r *resolver) secure(rt *route, b *v1alpha1.Backend) (tls *snapshot.BackendTLS, ok bool) {
	if b.Protocol != v1alpha1.ProtocolHTTPS {
		return nil, true
	}
	spec := b.TLS
	if spec == nil {
		spec = &v1alpha1.BackendTLS{}
	}
	tls = &snapshot.BackendTLS{Hostname: strings.TrimSuffix(strings.ToLower(spec.Hostname), "."), AltNames: spec.SubjectAltNames}
	if tls.Unverified, ok = spec.InsecureSkipVerify, true; !tls.Unverified {
		tls.Authorities, ok = r.authorities(rt, spec.CASecretRefs)
	}
	if ref := spec.ClientSecretRef; ref != nil {
		if tls.Certificate = r.certificate(rt, *ref); tls.Certificate == "" {
			ok = false
		}
	}
	if ok {
		rt.except().secured = append(append(rt.secured, tls.Authorities...), tls.Certificate)
	}
	return tls, ok
}

// authorities are the IDs of the Certificates of authorities in secrets; those
// of the system where there are none.
func (r *resolver) authorities(rt *route, names []string) (ids []string, ok bool) {
	if len(names) == 0 {
		r.certificates[snapshot.SystemAuthorities] = snapshot.Certificate{ID: snapshot.SystemAuthorities, Name: "authorities of the system"}
		return []string{snapshot.SystemAuthorities}, true
	}
	for _, name := range names {
		if s := r.secret(rt, name); s != nil {
			r.certificates[s.ID] = snapshot.Certificate{ID: s.ID, Name: s.Name, CertSecret: s.ID}
			r.need(s)
			ids = append(ids, s.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), len(ids) == len(names)
}

// settings is part of a Backend's ID: the protocol, and how it is secured, where
// another way makes another Backend.
func settings(p v1alpha1.BackendProtocol, tls *snapshot.BackendTLS) string {
	switch {
	case tls != nil:
		parts := slices.Concat([]string{tls.Hostname, tls.Certificate}, tls.AltNames, []string{""}, tls.Authorities)
		if tls.Unverified {
			parts = append(parts, "unverified")
		}
		sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
		return "+https-" + hex.EncodeToString(sum[:6])
	case p == v1alpha1.ProtocolH2C:
		return "+h2c"
	}
	return ""
}
