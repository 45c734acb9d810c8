package plan

import (
	"cmp"
	"slices"
	"strings"
)

// keptVersions is how many certificates of one name there are: what serves, and
// those that stand behind it.
const keptVersions = 1 + mostEarlier

// pruneCertificates wants certificates away that Issuers made and nobody wants,
// once no Tender of anybody's holds them and no service mounts them.
func pruneCertificates(in *Input, r *resolver) []Action {
	if !slices.ContainsFunc(in.World.Secrets, func(s Secret) bool { return s.Issued.Issuer != "" }) {
		return nil
	}
	wanted := map[string]bool{}
	for i := range in.Objects {
		wanted[RouteLabel(in.Objects[i].Key)] = true
	}
	for i := range in.Certificates {
		wanted[in.Certificates[i].Key] = true
	}
	held := map[string]bool{}
	for i := range in.World.Services {
		s := &in.World.Services[i]
		for id := range ids(heldSecrets(s), s.Secrets) {
			held[id] = true
		}
	}
	isOther := func(s *Secret) bool {
		return s.Issued.Issuer == "" || strings.HasPrefix(s.Certificate, routeLabel) && s.Cluster != in.Cluster
	}
	var actions []Action
	for name, secrets := range r.world.labelled {
		issued := slices.DeleteFunc(slices.Clone(secrets), isOther)
		slices.SortFunc(issued, func(a, b *Secret) int { return cmp.Compare(b.Issued.Version, a.Issued.Version) })
		for i, s := range issued {
			if (i >= keptVersions || !wanted[name]) && !held[s.ID] && r.secrets[s.ID] == nil {
				actions = append(actions, Action{RemoveSecret: &SecretRef{ID: s.ID, Name: s.Name}})
			}
		}
	}
	slices.SortFunc(actions, func(a, b Action) int { return strings.Compare(a.RemoveSecret.Name, b.RemoveSecret.Name) })
	return actions
}
