package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// IssuerObject is an Issuer as it is stored.
type IssuerObject struct {
	// Key is the object's identity.
	Key string
	// Generation is the store's.
	Generation int64
	// Issuer is decoded and has its defaults; nil where decoding failed.
	Issuer *v1alpha1.Issuer
	// Problems are what validation says of it, or why it did not decode.
	Problems []v1alpha1.Problem
	// Status is the one that is stored now, for transition times.
	Status *v1alpha1.Status
}

// NewCertificate is a certificate to be made, with a new key.
type NewCertificate struct {
	// Certificate is the value of LabelCertificate.
	Certificate string
	// Names are hosts, sorted.
	Names []string
	// Algorithm is v1alpha1.KeyECDSA or KeyRSA.
	Algorithm string
	// Issued is what the secret is to say. The authority may end before Ends.
	Issued Issued
	// CACert and CAKey are the IDs of the secrets of the authority that signs;
	// empty where the certificate signs itself.
	CACert, CAKey string
}

// wish is a certificate that an object wants of an Issuer.
type wish struct {
	// namespace is the object's, in which the Issuer is looked up first.
	namespace, issuer string
	// label is the value of LabelCertificate.
	label string
	// cluster is the service cluster that makes it; "" is each.
	cluster string
	hosts   []string
	// What stands in place of the Issuer's settings, where it is set.
	duration, renewBefore *v1alpha1.Duration
	privateKey            *v1alpha1.PrivateKey
	// renew is that of the object's status.
	renew *v1alpha1.Renewal
}

// issue is a wish that can be met.
type issue struct {
	NewCertificate
	duration, renewBefore time.Duration
	cluster               string
	renew                 *v1alpha1.Renewal
	// What issueCertificates finds: the newest there is, and when the next one is
	// due; zero for now.
	newest *Secret
	due    time.Time
}

// resolveIssuer notes what rt wants of its Issuer, and resolves what there is.
func (r *resolver) resolveIssuer(rt *route) {
	w := wish{namespace: rt.namespace, issuer: rt.spec.TLS.IssuerRef, label: RouteLabel(rt.object.Key),
		cluster: rt.object.Cluster, hosts: rt.spec.Hosts, renew: renewalOf(rt.object.Status)}
	if _, why := r.wish(w); why.reason != "" {
		x := rt.except()
		x.unresolved = append(x.unresolved, why)
		return
	}
	r.labelledBy(rt, w.label)
}

// wish notes among what is to be issued what w becomes, or says why it cannot be.
func (r *resolver) wish(w wish) (at int, why finding) {
	o := r.issuer(w.namespace, w.issuer)
	switch {
	case o == nil:
		return 0, finding{v1alpha1.ReasonIssuerNotFound, fmt.Sprintf("issuer %q does not exist: apply one, of kind Issuer", w.issuer)}
	case o.Issuer == nil || len(o.Problems) > 0:
		return 0, finding{v1alpha1.ReasonIssuerNotFound, fmt.Sprintf("issuer %q cannot be used: %s", o.Key, refusal(o.Problems).message)}
	}
	out := issue{NewCertificate: NewCertificate{Certificate: w.label, Names: certifiable(w.hosts)}}
	if len(out.Names) == 0 {
		return 0, finding{v1alpha1.ReasonInvalidCertificateRef, "no certificate can be made for the host *: name hosts, or secretRefs"}
	}
	spec := &o.Issuer.Spec
	out.cluster, out.renew = w.cluster, w.renew
	out.Algorithm = cmp.Or(w.privateKey, &v1alpha1.PrivateKey{}).Algorithm
	out.Algorithm = cmp.Or(out.Algorithm, spec.PrivateKey.Algorithm)
	out.duration = time.Duration(*cmp.Or(w.duration, spec.Duration))
	out.renewBefore = time.Duration(*cmp.Or(w.renewBefore, spec.RenewBefore))
	if spec.CA != nil {
		if why := r.authorityOf(o, &out); why.reason != "" {
			return 0, why
		}
	}
	out.Issued = Issued{Issuer: o.Key, Settings: settingsOf(&out)}
	r.issues = append(r.issues, out)
	return len(r.issues) - 1, finding{}
}

// certifiable are the hosts that a certificate can be made for, as names in it.
func certifiable(hosts []string) []string {
	var names []string
	for _, h := range hosts {
		if h = strings.TrimSuffix(strings.ToLower(h), "."); h != "*" {
			names = append(names, h)
		}
	}
	slices.Sort(names)
	return names
}

// issuer looks one up: of the namespace, else without one.
func (r *resolver) issuer(namespace, name string) *IssuerObject {
	if o := r.world.issuers[v1alpha1.ObjectMeta{Namespace: namespace, Name: name}.Key()]; o != nil {
		return o
	}
	return r.world.issuers[name]
}

// authorityOf resolves the secrets of an Issuer's authority, in whose namespace
// they are looked up.
func (r *resolver) authorityOf(o *IssuerObject, out *issue) finding {
	ref := o.Issuer.Spec.CA.SecretRef
	if missing := missingSecret(o.Issuer, r.world); missing != "" {
		return finding{v1alpha1.ReasonSecretNotFound, fmt.Sprintf("issuer %q: %s", o.Key, missing)}
	}
	var pair Pair
	if ref.Certificate != "" {
		pair = Pairs(r.world.labelled[ref.Certificate])[0]
	} else {
		pair.Cert, _ = find(r.world.secrets, o.Issuer.Metadata.Namespace, ref.Cert)
		pair.Key, _ = find(r.world.secrets, o.Issuer.Metadata.Namespace, ref.Key)
	}
	r.need(pair.Cert)
	r.need(pair.Key)
	out.CACert, out.CAKey = pair.Cert.ID, pair.Key.ID
	return finding{}
}

// routeLabel begins the values of LabelCertificate for Routes. Those for
// Certificates are their keys, which have no dot.
const routeLabel = "route."

// RouteLabel is the value of LabelCertificate for a Route.
func RouteLabel(key string) string { return routeLabel + strings.ReplaceAll(key, "/", ".") }

// stemOf is what stands for a value of LabelCertificate in the names of secrets,
// which have no slash. It is another one for a Certificate than for any Route.
func stemOf(label string) string {
	if strings.HasPrefix(label, routeLabel) {
		return label
	}
	return "certificate." + strings.ReplaceAll(label, "/", ".")
}

// settingsOf is the hash of what makes a certificate another one.
func settingsOf(w *issue) string {
	text := fmt.Sprint(w.Names, w.Algorithm, w.CACert, w.duration, w.renewBefore)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// issueCertificates wants the secrets of certificates that are to be made now.
// next is when the next one is due, zero where none is.
func issueCertificates(in *Input, r *resolver) (actions []Action, next time.Time) {
	for i := range r.issues {
		w := &r.issues[i]
		w.newest = newestIssued(r.world.labelled[w.Certificate])
		if w.stands() {
			w.due = w.dueAfter(w.newest.Issued)
		}
		if w.due.After(in.Now) {
			if next.IsZero() || w.due.Before(next) {
				next = w.due
			}
			continue
		}
		if w.CACert != "" && !r.isHeld(w.CACert, w.CAKey) {
			continue
		}
		s := w.secret(in.Now)
		s.Cluster = w.cluster
		actions = append(actions, Action{CreateSecret: s})
	}
	return actions, next
}

// stands says whether the newest is what is wanted, while its time lasts.
func (w *issue) stands() bool {
	return w.newest != nil && w.newest.Issued.Issuer == w.Issued.Issuer && w.newest.Issued.Settings == w.Issued.Settings &&
		!isAsked(w.renew, w.newest)
}

// isAsked says whether somebody wants another one than the newest.
func isAsked(renew *v1alpha1.Renewal, newest *Secret) bool {
	return renew != nil && (newest == nil || newest.Issued.Version <= renew.Version)
}

// renewalOf is what somebody asks for in a status, or nil.
func renewalOf(s *v1alpha1.Status) *v1alpha1.Renewal {
	if s == nil || s.Certificate == nil {
		return nil
	}
	return s.Certificate.Renew
}

// isHeld says whether secrets are at hand: in running Tenders, or in files.
func (r *resolver) isHeld(ids ...string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return r.secrets[id] == nil || !r.secrets[id].reached })
}

func newestIssued(secrets []*Secret) *Secret {
	var newest *Secret
	for _, s := range secrets {
		if s.Issued.Issuer != "" && (newest == nil || s.Issued.Version > newest.Issued.Version) {
			newest = s
		}
	}
	return newest
}

// dueAfter is when the one after i is to be made: a bit earlier than has to be, by
// its name, so that not all come at one time.
func (w *issue) dueAfter(i Issued) time.Time {
	before := min(w.renewBefore, i.Ends.Sub(i.Begins)/2)
	hash := fnv.New64a()
	hash.Write([]byte(w.Certificate))
	jitter := time.Duration(hash.Sum64() % uint64(max(before/10, 1)))
	return i.Ends.Add(-before - jitter)
}

func (w *issue) secret(now time.Time) *NewSecret {
	c := w.NewCertificate
	c.Issued.Version = 1
	if w.newest != nil {
		c.Issued.Version = w.newest.Issued.Version + 1
	}
	// A clock that is a bit late shall not refuse it.
	c.Issued.Begins, c.Issued.Ends = now.Add(-min(time.Minute, w.duration/10)), now.Add(w.duration)
	return &NewSecret{Name: SecretName(c.Certificate, c.Issued.Version), Certificate: &c}
}

// longestSecretName is the most characters that a secret's name may have.
const longestSecretName = 64

// SecretName is that of a version of the certificate with this label: the same for
// everyone who makes it.
func SecretName(certificate string, version int) string {
	ending := "." + strconv.Itoa(version)
	name := "fairlead." + stemOf(certificate)
	if len(name)+len(ending) > longestSecretName {
		sum := sha256.Sum256([]byte(certificate))
		name = name[:longestSecretName-len(ending)-9] + "-" + hex.EncodeToString(sum[:4])
	}
	return name + ending
}
