package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// mostEarlier is how many certificates with one label are kept at hand beside
// the newest, for as long as that one is no good.
const mostEarlier = 2

// Pair are the secrets of one certificate: two, or twice the same.
type Pair struct{ Cert, Key *Secret }

// labelled resolves the secrets with a label: the newest are what rt serves, the
// earlier ones stand behind.
func (r *resolver) labelled(rt *route, label string) {
	label = r.world.labelOf(rt.namespace, label)
	switch {
	case r.labelledBy(rt, label):
	case r.world.owned[label]:
		rt.miss(v1alpha1.ReasonSecretNotFound, "certificate %q has not been made yet: its Conditions say why", label)
	default:
		rt.miss(v1alpha1.ReasonSecretNotFound, "no secret has the label %s=%s, or only one of a chain and its key: create both with docker secret create --label",
			LabelCertificate, label)
	}
}

// labelledBy is labelled, and says whether there is any certificate.
func (r *resolver) labelledBy(rt *route, label string) bool {
	pairs := Pairs(r.world.servable(label))
	for i, p := range pairs[:min(len(pairs), 1+mostEarlier)] {
		if id := r.pair(p.Cert, p.Key); i == 0 {
			rt.certificates = r.strings.add(rt.certificates, id)
		} else {
			x := rt.except()
			x.earlier = append(x.earlier, id)
		}
	}
	return len(pairs) > 0
}

// labelOf is the label that a name means in a namespace: a Certificate's of the
// namespace, secrets that are labelled so, or else the name itself.
func (x *index) labelOf(namespace, name string) string {
	if own := (v1alpha1.ObjectMeta{Namespace: namespace, Name: name}).Key(); x.owned[own] || len(x.labelled[own]) > 0 {
		return own
	}
	return name
}

// servable are the secrets with a label that Routes serve: where it is a
// Certificate's those that an Issuer made, as soon as there is one.
func (x *index) servable(label string) []*Secret {
	secrets := x.labelled[label]
	if !x.owned[label] || newestIssued(secrets) == nil {
		return secrets
	}
	return slices.DeleteFunc(slices.Clone(secrets), func(s *Secret) bool { return s.Issued.Issuer == "" })
}

// Pairs puts secrets with one label together that are one certificate, the newest first: a
// pair is as new as the later of its two.
func Pairs(secrets []*Secret) []Pair {
	keys := map[string]*Secret{}
	for _, s := range secrets {
		if stem, ok := strings.CutSuffix(s.Name, ".key"); ok {
			keys[stem] = s
		}
	}
	var pairs []Pair
	for _, s := range secrets {
		stem, half := chainStem(s.Name)
		switch key := keys[stem]; {
		case strings.HasSuffix(s.Name, ".key"):
		case key != nil:
			pairs = append(pairs, Pair{s, key})
		case !half:
			pairs = append(pairs, Pair{s, s})
		}
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(b.Created().Compare(a.Created()), cmp.Compare(b.Cert.Name, a.Cert.Name))
	})
	return pairs
}

// chainStem is a name without its ending, and whether that says that the key is
// elsewhere. A .pem may hold both.
func chainStem(name string) (stem string, half bool) {
	for _, ending := range []string{".cert", ".crt"} {
		if stem, ok := strings.CutSuffix(name, ending); ok {
			return stem, true
		}
	}
	return strings.TrimSuffix(name, ".pem"), false
}

// Created is when the later of the two was.
func (p Pair) Created() time.Time {
	if p.Key.Created.After(p.Cert.Created) {
		return p.Key.Created
	}
	return p.Cert.Created
}
