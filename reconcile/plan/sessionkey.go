package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// SessionKeyPrefix and a number, 1 for the first, name the secrets that sessions
// are sealed with. The one with the highest number seals, and that before it still
// opens. So whoever creates the next one changes the key and ends no session, and
// who creates two ends all. What is older no Tender holds, so it can be removed.
const SessionKeyPrefix = "fairlead.sessions."

// liveSessionKeys is how many keys there are at a time.
const liveSessionKeys = 2

// keepsSessions says whether a Rule does.
func keepsSessions(rules []snapshot.Rule) bool {
	return slices.ContainsFunc(rules, func(r snapshot.Rule) bool { return r.Session != nil })
}

// sessionKeys are those that there are, the newest first. They need a Tender.
func (r *resolver) sessionKeys() []string {
	if !r.sessions {
		return nil
	}
	type key struct {
		number uint64
		*Secret
	}
	var keys []key
	for name, s := range r.world.secrets {
		number, is := strings.CutPrefix(name, SessionKeyPrefix)
		if n, err := strconv.ParseUint(number, 10, 32); is && err == nil {
			keys = append(keys, key{n, s})
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(b.number, a.number), strings.Compare(a.ID, b.ID))
	})
	var ids []string
	for _, k := range keys[:min(len(keys), liveSessionKeys)] {
		r.need(k.Secret)
		ids = append(ids, k.ID)
	}
	return ids
}

// firstSessionKey wants a key where one is needed and there is none.
func firstSessionKey(r *resolver, s *snapshot.Snapshot) []Action {
	if !r.sessions || len(s.SessionKeys) > 0 {
		return nil
	}
	return []Action{{CreateSecret: &NewSecret{Name: SessionKeyPrefix + "1", Size: sessionKeySize}}}
}

const sessionKeySize = 32
