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

// Issued is what a secret says of the certificate in it that an Issuer made.
type Issued struct {
	// Issuer is the Issuer's key; "" for a secret that no Issuer made.
	Issuer string
	// Settings is the hash of what the certificate was made by: its names, the
	// kind of its key, the Issuer's settings.
	Settings string
	// Version counts the certificates of one name from 1.
	Version int
	// Begins and Ends are the certificate's.
	Begins, Ends time.Time
}

// Labels of secrets with certificates that an Issuer made, beside
// LabelCertificate.
const (
	LabelIssuer   = "fairlead.dev/issuer"
	LabelSettings = "fairlead.dev/settings"
	LabelVersion  = "fairlead.dev/version"
	LabelBegins   = "fairlead.dev/begins"
	LabelEnds     = "fairlead.dev/ends"
)

// Labels are how a secret says it.
func (i Issued) Labels() map[string]string {
	return map[string]string{
		LabelIssuer: i.Issuer, LabelSettings: i.Settings, LabelVersion: strconv.Itoa(i.Version),
		LabelBegins: i.Begins.UTC().Format(time.RFC3339), LabelEnds: i.Ends.UTC().Format(time.RFC3339),
	}
}

// ReadIssued is the counterpart of Labels; zero where the labels say nothing.
func ReadIssued(labels map[string]string) Issued {
	if labels[LabelIssuer] == "" {
		return Issued{}
	}
	i := Issued{Issuer: labels[LabelIssuer], Settings: labels[LabelSettings]}
	i.Version, _ = strconv.Atoi(labels[LabelVersion])
	i.Begins, _ = time.Parse(time.RFC3339, labels[LabelBegins])
	i.Ends, _ = time.Parse(time.RFC3339, labels[LabelEnds])
	return i
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

// issue is a certificate that a Route wants.
type issue struct {
	NewCertificate
	duration, renewBefore time.Duration
}

// resolveIssuer notes what rt wants of its Issuer, and resolves what there is.
func (r *resolver) resolveIssuer(rt *route) {
	ref := rt.spec.TLS.IssuerRef
	o := r.issuer(rt.namespace, ref)
	switch {
	case o == nil:
		rt.miss(v1alpha1.ReasonIssuerNotFound, "issuer %q does not exist: apply one, of kind Issuer", ref)
		return
	case o.Issuer == nil || len(o.Problems) > 0:
		rt.miss(v1alpha1.ReasonIssuerNotFound, "issuer %q cannot be used: %s", o.Key, refusal(o.Problems).message)
		return
	}
	w := issue{NewCertificate: NewCertificate{Certificate: certificateName(rt.object.Key)}}
	for _, h := range rt.spec.Hosts {
		if h = strings.TrimSuffix(strings.ToLower(h), "."); h != "*" {
			w.Names = append(w.Names, h)
		}
	}
	if len(w.Names) == 0 {
		rt.miss(v1alpha1.ReasonInvalidCertificateRef, "no certificate can be made for the host *: name hosts, or secretRefs")
		return
	}
	slices.Sort(w.Names)
	spec := &o.Issuer.Spec
	w.Algorithm = spec.PrivateKey.Algorithm
	w.duration, w.renewBefore = time.Duration(*spec.Duration), time.Duration(*spec.RenewBefore)
	if spec.CA != nil && !r.authorityOf(rt, o, &w) {
		return
	}
	w.Issued = Issued{Issuer: o.Key, Settings: settingsOf(&w)}
	r.issues = append(r.issues, w)
	r.labelledBy(rt, w.Certificate)
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
func (r *resolver) authorityOf(rt *route, o *IssuerObject, w *issue) bool {
	ref := o.Issuer.Spec.CA.SecretRef
	if ref.Certificate != "" {
		pairs := pairsOf(r.world.labelled[ref.Certificate])
		if len(pairs) == 0 {
			rt.miss(v1alpha1.ReasonSecretNotFound, "issuer %q: no secret has the label %s=%s", o.Key, LabelCertificate, ref.Certificate)
			return false
		}
		w.CACert, w.CAKey = pairs[0].cert.ID, pairs[0].key.ID
		r.need(pairs[0].cert)
		r.need(pairs[0].key)
		return true
	}
	for name, id := range map[string]*string{ref.Cert: &w.CACert, ref.Key: &w.CAKey} {
		s, ok := find(r.world.secrets, o.Issuer.Metadata.Namespace, name)
		if !ok {
			rt.miss(v1alpha1.ReasonSecretNotFound, "issuer %q: secret %q does not exist: create it with docker secret create", o.Key, name)
			return false
		}
		r.need(s)
		*id = s.ID
	}
	return true
}

// certificateName is the value of LabelCertificate for a Route.
func certificateName(key string) string { return "route." + strings.ReplaceAll(key, "/", ".") }

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
		newest := newestIssued(r.world.labelled[w.Certificate])
		if newest != nil && newest.Issued.Issuer == w.Issued.Issuer && newest.Issued.Settings == w.Issued.Settings {
			if due := w.due(newest.Issued); due.After(in.Now) {
				if next.IsZero() || due.Before(next) {
					next = due
				}
				continue
			}
		}
		if w.CACert != "" && !r.isHeld(w.CACert, w.CAKey) {
			continue
		}
		s := w.secret(in.Now, newest)
		s.Cluster = in.Cluster
		actions = append(actions, Action{CreateSecret: s})
	}
	return actions, next
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

// due is when a certificate is to be made anew: a bit earlier than has to be, by
// its name, so that not all come at one time.
func (w *issue) due(i Issued) time.Time {
	before := min(w.renewBefore, i.Ends.Sub(i.Begins)/2)
	hash := fnv.New64a()
	hash.Write([]byte(w.Certificate))
	jitter := time.Duration(hash.Sum64() % uint64(max(before/10, 1)))
	return i.Ends.Add(-before - jitter)
}

func (w *issue) secret(now time.Time, newest *Secret) *NewSecret {
	c := w.NewCertificate
	c.Issued.Version = 1
	if newest != nil {
		c.Issued.Version = newest.Issued.Version + 1
	}
	// A clock that is a bit late shall not refuse it.
	c.Issued.Begins, c.Issued.Ends = now.Add(-min(time.Minute, w.duration/10)), now.Add(w.duration)
	return &NewSecret{Name: secretName(c.Certificate, c.Issued.Version), Certificate: &c}
}

// longestSecretName is the most characters that a secret's name may have.
const longestSecretName = 64

// secretName is the same for everyone who makes this version.
func secretName(certificate string, version int) string {
	ending := "." + strconv.Itoa(version)
	name := "fairlead." + certificate
	if len(name)+len(ending) > longestSecretName {
		sum := sha256.Sum256([]byte(certificate))
		name = name[:longestSecretName-len(ending)-9] + "-" + hex.EncodeToString(sum[:4])
	}
	return name + ending
}

// keptVersions is how many certificates of one name there are: what serves, and
// those that stand behind it.
const keptVersions = 1 + mostEarlier

// pruneCertificates wants certificates away that Issuers made and nobody wants,
// once no Tender of anybody's holds them.
func pruneCertificates(in *Input, r *resolver) []Action {
	if !slices.ContainsFunc(in.World.Secrets, func(s Secret) bool { return s.Issued.Issuer != "" }) {
		return nil
	}
	wanted := map[string]bool{}
	for i := range in.Objects {
		wanted[certificateName(in.Objects[i].Key)] = true
	}
	held := map[string]bool{}
	for i := range in.World.Services {
		for _, id := range heldSecrets(&in.World.Services[i]) {
			held[id] = true
		}
	}
	var actions []Action
	for name, secrets := range r.world.labelled {
		issued := slices.DeleteFunc(slices.Clone(secrets), func(s *Secret) bool { return s.Issued.Issuer == "" || s.Cluster != in.Cluster })
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
