package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// CertificateObject is a Certificate as it is stored.
type CertificateObject struct {
	// Key is the object's identity, and the value of LabelCertificate.
	Key string
	// Generation is the store's.
	Generation int64
	// Certificate is decoded and has its defaults; nil where decoding failed.
	Certificate *v1alpha1.Certificate
	// Problems are what validation says of it, or why it did not decode.
	Problems []v1alpha1.Problem
	// Status is the one that is stored now.
	Status *v1alpha1.Status
}

// asked is what became of a Certificate: which one of the issues, or why none.
type asked struct {
	at  int
	why finding
}

// ask notes what the Certificates want of their Issuers.
func (r *resolver) ask(certificates []CertificateObject) {
	r.asked = make([]asked, len(certificates))
	for i := range certificates {
		o := &certificates[i]
		if o.Certificate == nil || len(o.Problems) > 0 {
			r.asked[i].why = refusal(o.Problems)
			continue
		}
		spec := &o.Certificate.Spec
		r.asked[i].at, r.asked[i].why = r.wish(wish{
			namespace: o.Certificate.Metadata.Namespace, issuer: spec.IssuerRef, label: o.Key, hosts: spec.DNSNames,
			duration: spec.Duration, renewBefore: spec.RenewBefore, privateKey: spec.PrivateKey, renew: renewalOf(o.Status),
		})
	}
}

// certificateStatuses makes one Status for each Certificate, sorted by key.
func certificateStatuses(in *Input, r *resolver) []Status {
	if len(in.Certificates) == 0 {
		return nil
	}
	mounts := mountsOf(in.World.Services)
	out := make([]Status, len(in.Certificates))
	for i := range in.Certificates {
		o := &in.Certificates[i]
		s := certificateState{in: in, r: r, o: o, asked: r.asked[i], mounts: mounts, newest: newestIssued(r.world.labelled[o.Key])}
		next := o.Status.WithTransitions(v1alpha1.Status{Conditions: s.conditions(), Certificate: s.status()}, in.Now)
		out[i] = Status{
			Kind: v1alpha1.KindCertificate, Key: o.Key, Generation: o.Generation, Status: next,
			Changed: o.Status == nil || !slices.Equal(o.Status.Conditions, next.Conditions) || renewalOf(o.Status) != renewalOf(&next),
		}
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// mountsOf are the names of the services that mount a secret, by its ID.
func mountsOf(services []Service) map[string][]string {
	m := map[string][]string{}
	for i := range services {
		for _, id := range services[i].Secrets {
			m[id] = append(m[id], services[i].Name)
		}
	}
	return m
}

// certificateState is what is known of a Certificate.
type certificateState struct {
	in     *Input
	r      *resolver
	o      *CertificateObject
	asked  asked
	mounts map[string][]string
	newest *Secret // that an Issuer made
}

// status keeps what somebody asks for until it is there.
func (s *certificateState) status() *v1alpha1.CertificateStatus {
	if renew := renewalOf(s.o.Status); isAsked(renew, s.newest) {
		return &v1alpha1.CertificateStatus{Renew: renew}
	}
	return nil
}

func (s *certificateState) conditions() []v1alpha1.Condition {
	accepted, resolved := finding{v1alpha1.ReasonAccepted, ""}, finding{v1alpha1.ReasonResolvedRefs, ""}
	switch {
	case s.o.Certificate == nil || len(s.o.Problems) > 0:
		accepted = s.asked.why
		resolved = finding{accepted.reason, "the Certificate is not accepted"}
	case s.asked.why.reason != "":
		resolved = s.asked.why
	}
	list := []v1alpha1.Condition{
		condition(v1alpha1.Accepted, accepted, v1alpha1.ReasonAccepted, s.o.Generation),
		condition(v1alpha1.ResolvedRefs, resolved, v1alpha1.ReasonResolvedRefs, s.o.Generation),
		condition(v1alpha1.Ready, s.ready(), v1alpha1.ReasonReady, s.o.Generation),
	}
	if f := s.conflict(); f.reason != "" {
		list = append(list, condition(v1alpha1.Conflicted, f, f.reason, s.o.Generation))
	}
	if f := s.expiring(); f.reason != "" {
		list = append(list, condition(v1alpha1.CertificateExpiring, f, f.reason, s.o.Generation))
	}
	return list
}

// ready says whether the certificate is there and in its time, which one it is,
// and when the next one comes.
func (s *certificateState) ready() finding {
	switch {
	case s.newest == nil && s.asked.why.reason != "":
		return finding{s.asked.why.reason, "there is no certificate yet"}
	case s.newest == nil:
		return finding{v1alpha1.ReasonProgressing, "there is no certificate yet" + s.waiting()}
	case !s.newest.Issued.Ends.After(s.in.Now):
		return finding{v1alpha1.ReasonExpired, fmt.Sprintf("secret %q ended at %s", s.newest.Name, instant(s.newest.Issued.Ends)) + s.waiting()}
	}
	message := fmt.Sprintf("secret %q holds until %s", s.newest.Name, instant(s.newest.Issued.Ends))
	switch due := s.due(); {
	case s.asked.why.reason != "":
		message += " and is not made anew"
	case due.After(s.in.Now):
		message += " and is made anew at " + instant(due)
	default:
		message += " and is being made anew" + s.waiting()
	}
	return finding{v1alpha1.ReasonReady, both(message, s.stillMounted())}
}

// waiting says what the next certificate waits for, where that is known.
func (s *certificateState) waiting() string {
	if s.asked.why.reason != "" {
		return ""
	}
	if w := &s.r.issues[s.asked.at]; w.CACert != "" && !s.r.isHeld(w.CACert, w.CAKey) {
		return ": waiting for the tender with the key of its authority"
	}
	return ""
}

// due is when the next one is; zero for now.
func (s *certificateState) due() time.Time {
	if s.asked.why.reason != "" {
		return time.Time{}
	}
	return s.r.issues[s.asked.at].due
}

// stillMounted names the services that mount an older version.
func (s *certificateState) stillMounted() string {
	var found []string
	for _, old := range s.r.world.labelled[s.o.Key] {
		if services := s.mounts[old.ID]; old.Issued.Issuer != "" && old != s.newest && len(services) > 0 {
			found = append(found, fmt.Sprintf("%s (by %s)", old.Name, strings.Join(slices.Sorted(slices.Values(services)), ", ")))
		}
	}
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return "older ones are still mounted: " + strings.Join(found, ", ")
}

// conflict names the secrets that have the label and that no Issuer made.
func (s *certificateState) conflict() finding {
	var names []string
	for _, other := range s.r.world.labelled[s.o.Key] {
		if other.Issued.Issuer == "" {
			names = append(names, other.Name)
		}
	}
	if len(names) == 0 {
		return finding{}
	}
	slices.Sort(names)
	verdict := "they do not serve: remove them, or delete the Certificate to have them serve"
	if s.newest == nil {
		verdict = "they serve until the Issuer has made one"
	}
	return finding{v1alpha1.ReasonSecretConflict, fmt.Sprintf("no Issuer made the secrets %s, which have the label %s=%s too; %s",
		strings.Join(names, ", "), LabelCertificate, s.o.Key, verdict)}
}

// expiring tells of a certificate that should have been made anew long ago: half
// of the time for that is over.
func (s *certificateState) expiring() finding {
	if s.newest == nil {
		return finding{}
	}
	issued := s.newest.Issued
	due := issued.Ends.Add(-min(expiryNotice, issued.Ends.Sub(issued.Begins)/3))
	if s.asked.why.reason == "" {
		due = s.r.issues[s.asked.at].dueAfter(issued)
	}
	switch left := issued.Ends.Sub(s.in.Now); {
	case left <= 0:
		return finding{v1alpha1.ReasonExpired, "the certificate ended at " + instant(issued.Ends)}
	case left < issued.Ends.Sub(due)/2:
		return finding{v1alpha1.ReasonExpiring, fmt.Sprintf("the certificate ends at %s and was to be made anew at %s", instant(issued.Ends), instant(due))}
	}
	return finding{}
}

// instant is a time as messages have it.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Wanted is a certificate that an Issuer makes, and how it stands.
type Wanted struct {
	// Label is the value of LabelCertificate: a Certificate's key, or a Route's with
	// something before it.
	Label, Issuer string
	// Names are hosts, sorted.
	Names []string
	// Secret is the newest's name; "" where there is none. Issued is what it says.
	Secret string
	Issued Issued
	// Due is when the next one is; zero for now.
	Due time.Time
}

func (r *resolver) wanted() []Wanted {
	out := make([]Wanted, len(r.issues))
	for i := range r.issues {
		w := &r.issues[i]
		newest := cmp.Or(w.newest, &Secret{})
		out[i] = Wanted{Label: w.Certificate, Issuer: w.Issued.Issuer, Names: w.Names, Secret: newest.Name, Issued: newest.Issued, Due: w.due}
	}
	return out
}
