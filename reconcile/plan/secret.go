package plan

import "fairlead.dev/fairlead/api/v1alpha1"

func (r *resolver) resolveCertificates(rt *route) {
	if rt.spec.TLS.IssuerRef != "" {
		r.resolveIssuer(rt)
	}
	for _, ref := range rt.spec.TLS.SecretRefs {
		if ref.Certificate != "" {
			r.labelled(rt, ref.Certificate)
			continue
		}
		if id := r.certificate(rt, ref); id != "" {
			rt.certificates = r.strings.add(rt.certificates, id)
		}
	}
	if a := rt.spec.TLS.ClientAuth; a != nil {
		rt.except().clientAuth = r.clientAuth(rt, a)
	}
}

// certificate resolves a pair of secrets. It returns the Certificate's ID, or "".
func (r *resolver) certificate(rt *route, ref v1alpha1.SecretRef) string {
	cert, key := r.secret(rt, ref.Cert), r.secret(rt, ref.Key)
	if cert == nil || key == nil {
		return ""
	}
	return r.pair(cert, key)
}

// secret looks a secret up. Where there is none it says so in rt.
func (r *resolver) secret(rt *route, name string) *Secret {
	s, ok := find(r.world.secrets, rt.namespace, name)
	if !ok {
		rt.miss(v1alpha1.ReasonSecretNotFound, "secret %q does not exist: create it with docker secret create", name)
		return nil
	}
	return s
}

// neededSecret is a Secret that a Route names.
type neededSecret struct {
	*Secret
	held bool // by a Tender that stays
	// reached: its bytes are at hand, in a Tender that runs or in a file.
	reached bool
}

func (r *resolver) need(s *Secret) {
	if r.secrets[s.ID] == nil {
		r.secrets[s.ID] = &r.needed.one(neededSecret{Secret: s})[0]
	}
}
