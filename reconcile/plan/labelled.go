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

// pairOfSecrets are the secrets of one certificate: two, or twice the same.
type pairOfSecrets struct{ cert, key *Secret }

// labelled resolves the secrets with a label: the newest are what rt serves, the
// earlier ones stand behind.
func (r *resolver) labelled(rt *route, label string) {
	if !r.labelledBy(rt, label) {
		rt.miss(v1alpha1.ReasonSecretNotFound, "no secret has the label %s=%s, or only one of a chain and its key: create both with docker secret create --label",
			LabelCertificate, label)
	}
}

// labelledBy is labelled, and says whether there is any certificate.
func (r *resolver) labelledBy(rt *route, label string) bool {
	pairs := pairsOf(r.world.labelled[label])
	for i, p := range pairs[:min(len(pairs), 1+mostEarlier)] {
		if id := r.pair(p.cert, p.key); i == 0 {
			rt.certificates = r.strings.add(rt.certificates, id)
		} else {
			x := rt.except()
			x.earlier = append(x.earlier, id)
		}
	}
	return len(pairs) > 0
}

// pairsOf puts secrets together that are one certificate, the newest first: a
// pair is as new as the later of its two.
func pairsOf(secrets []*Secret) []pairOfSecrets {
	keys := map[string]*Secret{}
	for _, s := range secrets {
		if stem, ok := strings.CutSuffix(s.Name, ".key"); ok {
			keys[stem] = s
		}
	}
	var pairs []pairOfSecrets
	for _, s := range secrets {
		stem, half := chainStem(s.Name)
		switch key := keys[stem]; {
		case strings.HasSuffix(s.Name, ".key"):
		case key != nil:
			pairs = append(pairs, pairOfSecrets{s, key})
		case !half:
			pairs = append(pairs, pairOfSecrets{s, s})
		}
	}
	slices.SortFunc(pairs, func(a, b pairOfSecrets) int {
		return cmp.Or(b.created().Compare(a.created()), cmp.Compare(b.cert.Name, a.cert.Name))
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

func (p pairOfSecrets) created() time.Time {
	if p.key.Created.After(p.cert.Created) {
		return p.key.Created
	}
	return p.cert.Created
}
