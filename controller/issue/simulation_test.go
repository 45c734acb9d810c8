package issue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile/plan"
)

// cluster plays a swarm through the years: what Plans want is done in it, some of
// the time, and secrets are never lost.
type cluster struct {
	*testing.T
	random  *rand.Rand
	in      plan.Input
	bytes   map[string][]byte
	ids     int
	made    int
	removed int
}

func (c *cluster) add(name string, labels map[string]string, data []byte) {
	c.ids++
	id := fmt.Sprint("id", c.ids)
	c.bytes[id] = data
	c.in.World.Secrets = append(slices.Clone(c.in.World.Secrets), plan.Secret{
		ID: id, Name: name, Certificate: labels[plan.LabelCertificate], Created: c.in.Now, Issued: plan.ReadIssued(labels),
	})
}

// pass does what the Plan of now wants, but for what fails.
func (c *cluster) pass() {
	for _, a := range plan.Compute(c.in).Actions {
		if c.random.IntN(3) == 0 {
			continue // it failed; the next pass is the retry
		}
		switch {
		case a.CreateSecret != nil:
			bundle, labels, err := Secret(c.Context(), a.CreateSecret, c.fetch)
			if err != nil {
				continue
			}
			c.add(a.CreateSecret.Name, labels, bundle)
			c.made++
		case a.RemoveSecret != nil:
			c.in.World.Secrets = slices.DeleteFunc(slices.Clone(c.in.World.Secrets), func(s plan.Secret) bool { return s.ID == a.RemoveSecret.ID })
			c.removed++
		}
	}
}

func (c *cluster) fetch(_ context.Context, id string) ([]byte, error) {
	if c.random.IntN(5) == 0 {
		return nil, errors.New("the tender does not answer")
	}
	return c.bytes[id], nil
}

// check looks at what would be served: the newest certificate of each Route.
func (c *cluster) check() {
	c.Helper()
	for i := range c.in.Objects {
		o := c.in.Objects[i]
		var newest *plan.Secret
		for j := range c.in.World.Secrets {
			s := &c.in.World.Secrets[j]
			if s.Certificate == "route."+o.Key && (newest == nil || s.Issued.Version > newest.Issued.Version) {
				newest = s
			}
		}
		if newest == nil || !newest.Issued.Ends.After(c.in.Now) || newest.Issued.Begins.After(c.in.Now) {
			c.Fatalf("%s: %s serves %+v", c.in.Now, o.Key, newest)
		}
	}
}

// Five years with three Issuers: one without an authority, one whose authority is
// replaced every year, one that makes short-lived certificates. A third of what is
// done fails, and the operator is away for days.
func TestNoCertificateEndsInFiveYears(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, seed) })
	}
}

func simulate(t *testing.T, seed uint64) {
	c := &cluster{T: t, random: rand.New(rand.NewPCG(seed, 1)), bytes: map[string][]byte{}}
	c.in.Now = now
	hours := func(n int) *v1alpha1.Duration {
		d := v1alpha1.Duration(time.Duration(n) * time.Hour)
		return &d
	}
	for name, spec := range map[string]v1alpha1.IssuerSpec{
		"own":     {SelfSigned: &v1alpha1.SelfSignedIssuer{}},
		"company": {CA: &v1alpha1.CAIssuer{SecretRef: v1alpha1.SecretRef{Certificate: "ca"}}},
		"short":   {SelfSigned: &v1alpha1.SelfSignedIssuer{}, Duration: hours(24 * 20)},
	} {
		i := &v1alpha1.Issuer{
			TypeMeta: v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: v1alpha1.KindIssuer},
			Metadata: v1alpha1.ObjectMeta{Name: name}, Spec: spec,
		}
		v1alpha1.DefaultIssuer(i)
		c.in.Issuers = append(c.in.Issuers, plan.IssuerObject{Key: name, Generation: 1, Issuer: i, Problems: v1alpha1.ValidateIssuer(i)})
		r := &v1alpha1.Route{Metadata: v1alpha1.ObjectMeta{Name: name}, Spec: v1alpha1.RouteSpec{
			Hosts: []string{name + ".local"}, TLS: &v1alpha1.RouteTLS{Mode: v1alpha1.TLSTerminate, IssuerRef: name},
			Backend: &v1alpha1.Backend{Addresses: []string{"10.0.0.1:80"}},
		}}
		v1alpha1.Default(r)
		c.in.Objects = append(c.in.Objects, &plan.Object{Key: name, Generation: 1, Created: now, Route: r})
	}
	newAuthority := func(n int) {
		_, a := authorities(t, c.in.Now.Add(-time.Hour), c.in.Now.Add(400*24*time.Hour))
		c.add(fmt.Sprintf("ca-%d.pem", n), map[string]string{plan.LabelCertificate: "ca"}, append(slices.Clone(a.Chain), a.Key...))
	}
	newAuthority(0)
	for range 40 { // the first ones come about
		c.pass()
	}
	year := 0
	for end := now.Add(5 * 365 * 24 * time.Hour); c.in.Now.Before(end); {
		away := time.Duration(1+c.random.IntN(12)) * time.Hour
		if c.random.IntN(50) == 0 {
			away = 3 * 24 * time.Hour
		}
		c.in.Now = c.in.Now.Add(away)
		c.check() // before anything is done: it has to last until then
		if y := int(c.in.Now.Sub(now) / (365 * 24 * time.Hour)); y > year {
			year = y
			newAuthority(year)
		}
		for range 6 {
			c.pass()
		}
	}
	left := slices.DeleteFunc(slices.Clone(c.in.World.Secrets), func(s plan.Secret) bool { return !strings.HasPrefix(s.Name, "fairlead.") })
	t.Logf("%d certificates were made, %d removed, %d are left", c.made, c.removed, len(left))
	if len(left) > 12 || c.made < 100 {
		t.Errorf("%d certificates were made, %d are left", c.made, len(left))
	}
}
