package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// drawCertificates are Certificates of an Issuer, some with versions that there
// are already, some of which services mount, and some that are asked for anew.
func drawCertificates(t *rapid.T, in *Input) {
	issuer := &v1alpha1.Issuer{Metadata: v1alpha1.ObjectMeta{Name: "own"}, Spec: v1alpha1.IssuerSpec{SelfSigned: &v1alpha1.SelfSignedIssuer{}}}
	v1alpha1.DefaultIssuer(issuer)
	in.Issuers = []IssuerObject{{Key: "own", Generation: 1, Issuer: issuer}}
	for _, name := range []string{"mail", "side"} {
		c := &v1alpha1.Certificate{Metadata: v1alpha1.ObjectMeta{Name: name}, Spec: v1alpha1.CertificateSpec{
			DNSNames: []string{name + ".local"}, IssuerRef: rapid.SampledFrom([]string{"own", "gone"}).Draw(t, "issuer")}}
		versions := rapid.IntRange(0, 5).Draw(t, "versions")
		for v := 1; v <= versions; v++ {
			s := Secret{ID: fmt.Sprint(name, v), Name: SecretName(name, v), Certificate: name}
			s.Issued = Issued{Issuer: "own", Settings: "other", Version: v, Begins: in.Now.Add(-time.Hour), Ends: in.Now.Add(time.Hour)}
			in.World.Secrets = append(in.World.Secrets, s)
			if rapid.IntRange(0, 2).Draw(t, "mounted") == 0 {
				in.World.Services = append(in.World.Services, Service{ID: "s" + s.ID, Name: "s" + s.ID, Secrets: []string{s.ID}})
			}
		}
		o := CertificateObject{Key: name, Generation: 1, Certificate: c}
		if rapid.Bool().Draw(t, "asked") {
			o.Status = &v1alpha1.Status{Certificate: &v1alpha1.CertificateStatus{Renew: &v1alpha1.Renewal{Version: versions + rapid.IntRange(0, 2).Draw(t, "ahead")}}}
		}
		in.Certificates = append(in.Certificates, o)
	}
}

func TestWhatIsAskedForIsMadeAndNotMadeOnceMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Input{Now: time.Unix(1_700_000_000, 0), World: World{Swarm: true}}
		drawCertificates(t, &in)
		mounted := map[string]bool{}
		for _, s := range in.World.Services {
			mounted[s.Secrets[0]] = true
		}
		for range 5 { // as many as somebody may ask to go on, and one to remove
			p := Compute(in)
			carryOut(&in.World, p.Actions)
			for i := range in.Certificates {
				at := slices.IndexFunc(p.Statuses, func(s Status) bool { return s.Kind == v1alpha1.KindCertificate && s.Key == in.Certificates[i].Key })
				in.Certificates[i].Status = &p.Statuses[at].Status
			}
		}
		if p := Compute(in); len(p.Actions) > 0 {
			t.Fatalf("still to do: %+v", p.Actions)
		}
		for i := range in.Certificates {
			o := &in.Certificates[i]
			if renewalOf(o.Status) != nil && o.Certificate.Spec.IssuerRef == "own" {
				t.Fatalf("%s is asked for still: %+v", o.Key, renewalOf(o.Status))
			}
		}
		there := map[string]bool{}
		for _, s := range in.World.Secrets {
			there[s.ID] = true
		}
		for id := range mounted {
			if !there[id] {
				t.Fatalf("%s was removed, and a service mounts it", id)
			}
		}
	})
}
