package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// A Tender holds at most this many secrets: Swarm keeps each in the memory of
// the node, and a service's spec must stay small.
const secretsPerTender = 100

// Where more than this many Tenders hold what fewer could, they are made anew.
const spareTenders = 3

// planTenders compares the Tenders that exist with what the resolved Routes
// need. pending says that one was created, or waits for others before it goes.
func planTenders(in *Input, world *index, r *resolver) (actions []Action, pending bool) {
	if in.Tenders == nil {
		for _, s := range r.secrets {
			s.reached = true
		}
		return nil, false
	}
	existing, useless := tendersOf(in)
	create, remove := networkTenders(in, world, r, existing)
	createSecrets, removeSecrets, waiting := secretTenders(in, world, r, existing)
	noteTrouble(r, existing)
	waiting = waiting || awaitsTender(r)
	create = slices.DeleteFunc(append(create, createSecrets...), func(t Tender) bool { // its name is taken until the next pass
		waiting = waiting || named(useless, t.Name)
		return named(useless, t.Name)
	})
	for i := range create {
		actions = append(actions, Action{CreateTender: &create[i]})
	}
	for _, s := range slices.Concat(useless, remove, removeSecrets) {
		actions = append(actions, Action{RemoveTender: &TenderRef{ServiceID: s.ID, Name: s.Name}})
	}
	return actions, waiting || len(create) > 0
}

// noteTrouble keeps why Tenders do not start, for the statuses.
func noteTrouble(r *resolver, existing []*Service) {
	for _, s := range existing {
		if s.TaskError == "" {
			continue
		}
		for _, id := range append(heldSecrets(s), s.Labels[LabelTenderNetwork]) {
			r.trouble[id] = s.TaskError
		}
	}
}

// awaitsTender says whether a Tender is about to start. For one that does not
// start there is no hurry.
func awaitsTender(r *resolver) bool {
	for id := range r.networks {
		if !r.tended[id] && r.trouble[id] == "" {
			return true
		}
	}
	return false
}

// tendersOf are the Tender services of our Scope, sorted by name.
func tendersOf(in *Input) (good, useless []*Service) {
	for i := range in.World.Services {
		s := &in.World.Services[i]
		switch {
		case s.Labels[LabelTender] != in.Tenders.Scope:
		case isUseless(in, s):
			useless = append(useless, s)
		default:
			good = append(good, s)
		}
	}
	byName := func(a, b *Service) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(good, byName)
	slices.SortFunc(useless, byName)
	return good, useless
}

// isUseless says whether a Tender can serve nobody: its sockets are not where we
// look for them, or it does not start, with another image than ours. One that
// runs with another image stays, since its end would end connections.
func isUseless(in *Input, s *Service) bool {
	place, image := s.Labels[LabelTenderPlace], s.Labels[LabelTenderImage]
	return place != "" && place != in.Tenders.Place() || s.TaskError != "" && image != in.Tenders.Image
}

func named(services []*Service, name string) bool {
	return slices.ContainsFunc(services, func(s *Service) bool { return s.Name == name })
}

// networkTenders wants exactly one Tender for each Network that is needed.
func networkTenders(in *Input, world *index, r *resolver, existing []*Service) (create []Tender, remove []*Service) {
	have := map[string]bool{}
	for _, s := range existing {
		id := s.Labels[LabelTenderNetwork]
		if id == "" {
			continue
		}
		if !r.networks[id] || have[id] {
			remove = append(remove, s)
			continue
		}
		have[id] = true
		if world.runs(s.ID) {
			r.tended[id] = true
		}
	}
	for id := range r.networks {
		if !have[id] {
			create = append(create, Tender{Name: tenderName(in, "net", world.networks[id].ID), Spec: *in.Tenders, Network: id})
		}
	}
	slices.SortFunc(create, func(a, b Tender) int { return strings.Compare(a.Network, b.Network) })
	return create, remove
}

// tenderName is the same for everyone who wants this Tender.
func tenderName(in *Input, what string, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(of, in.Tenders.Scope), ",")))
	return "fairlead-tender-" + what + "-" + hex.EncodeToString(sum[:6])
}

// secretTenders wants each needed secret in a Tender, and no Tender with a
// needless one. A Tender whose secrets are all needed stays. The needed secrets
// of the others, and those that no Tender holds, get new Tenders; an old one
// goes when all data planes have loaded what they need.
func secretTenders(in *Input, world *index, r *resolver, existing []*Service) (create []Tender, remove []*Service, waiting bool) {
	keep, outdated := splitSecretTenders(r, existing)
	if len(keep) > spareTenders+(len(r.secrets)+secretsPerTender-1)/secretsPerTender {
		keep, outdated = nil, append(outdated, keep...)
	}
	for _, s := range keep {
		for _, id := range heldSecrets(s) {
			r.secrets[id].held, r.secrets[id].reached = true, world.runs(s.ID)
		}
	}
	create = newSecretTenders(in, r.secrets)
	create = slices.DeleteFunc(create, func(t Tender) bool {
		i := slices.IndexFunc(outdated, func(s *Service) bool { return s.Name == t.Name })
		if i >= 0 {
			outdated = slices.Delete(outdated, i, i+1)
		}
		return i >= 0
	})
	replaced := len(create) == 0 && running(world, keep) && loaded(in.Reports, r)
	for _, s := range outdated {
		if replaced || !holdsNeeded(r, s) {
			remove = append(remove, s)
		} else {
			waiting = true
		}
	}
	return create, remove, waiting
}

// running says whether each of the services has a running task.
func running(world *index, services []*Service) bool {
	return !slices.ContainsFunc(services, func(s *Service) bool { return !world.runs(s.ID) })
}

func splitSecretTenders(r *resolver, existing []*Service) (keep, outdated []*Service) {
	for _, s := range existing {
		held := heldSecrets(s)
		if len(held) == 0 {
			continue
		}
		if slices.ContainsFunc(held, func(id string) bool { return r.secrets[id] == nil }) {
			outdated = append(outdated, s)
		} else {
			keep = append(keep, s)
		}
	}
	return keep, outdated
}

func heldSecrets(s *Service) []string {
	if s.Labels[LabelTenderSecrets] == "" {
		return nil
	}
	return strings.Split(s.Labels[LabelTenderSecrets], ",")
}

func holdsNeeded(r *resolver, s *Service) bool {
	return slices.ContainsFunc(heldSecrets(s), func(id string) bool { return r.secrets[id] != nil })
}

// newSecretTenders puts the secrets that no Tender holds, by their IDs' order,
// into Tenders.
func newSecretTenders(in *Input, secrets map[string]*neededSecret) []Tender {
	var all []Secret
	for _, s := range secrets {
		if !s.held {
			all = append(all, *s.Secret)
		}
	}
	slices.SortFunc(all, func(a, b Secret) int { return strings.Compare(a.ID, b.ID) })
	var out []Tender
	for chunk := range slices.Chunk(all, secretsPerTender) {
		ids := make([]string, len(chunk))
		for i, s := range chunk {
			ids[i] = s.ID
		}
		out = append(out, Tender{Name: tenderName(in, "secrets", ids...), Spec: *in.Tenders, Secrets: chunk})
	}
	return out
}

// loaded says whether every data plane has an answer for every Certificate
// that is needed, so that no secret has to be asked for again.
func loaded(reports []snapshot.Report, r *resolver) bool {
	for _, report := range reports {
		settled := 0
		for _, c := range report.Certificates {
			if _, needed := r.certificates[c.ID]; needed && c.State != snapshot.CertificatePending {
				settled++
			}
		}
		if settled < len(r.certificates) {
			return false
		}
	}
	return len(reports) > 0
}
