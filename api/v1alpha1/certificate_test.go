package v1alpha1

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestValidateFindsWhatIsWrongInACertificate(t *testing.T) {
	for _, tc := range []struct {
		name, spec string
		want       []string
	}{
		{"the least", "{dnsNames: [a.local], issuerRef: own}", nil},
		{"all of it", `{dnsNames: [a.local, "*.a.local"], issuerRef: own, duration: 1h, renewBefore: 30m, privateKey: {algorithm: RSA}}`, nil},
		{"nothing", "{}", []string{"spec.dnsNames: is required", "spec.issuerRef: is required"}},
		{"every host", `{dnsNames: ["*"], issuerRef: own}`, []string{"spec.dnsNames[0]: is *, and no certificate can be made for every host: name them"}},
		{"one twice", "{dnsNames: [a.local, A.local.], issuerRef: own}", []string{`spec.dnsNames[1]: "a.local" stands there twice`}},
		{"no host", "{dnsNames: ['a.local:80'], issuerRef: own}", []string{"spec.dnsNames[0]: \"a.local:80\" must be a host name without scheme, port or path: exact (\"demo.local\"), a suffix (\"*.example.com\") or \"*\""}},
		{"too short a life", "{dnsNames: [a.local], issuerRef: own, duration: 1s}", []string{"spec.duration: is 1s, must be at least 1m0s"}},
		{"a renewal before it begins", "{dnsNames: [a.local], issuerRef: own, duration: 1h, renewBefore: 2h}",
			[]string{"spec.renewBefore: is 2h0m0s, must be more than nothing and less than duration, which is 1h0m0s"}},
		{"no time for a renewal", "{dnsNames: [a.local], issuerRef: own, renewBefore: 0s}", []string{"spec.renewBefore: is 0s, must be more than nothing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := Certificate{TypeMeta: TypeMeta{APIVersion: GroupVersion, Kind: KindCertificate}, Metadata: ObjectMeta{Name: "a"}}
			if err := yaml.UnmarshalStrict([]byte(tc.spec), &c.Spec); err != nil {
				t.Fatal(err)
			}
			DefaultCertificate(&c)
			var got []string
			for _, p := range ValidateCertificate(&c) {
				got = append(got, p.Path+": "+p.Message)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestACertificateWithALifeOfItsOwnIsRenewedInItsLastThird(t *testing.T) {
	duration := Duration(90 * time.Hour)
	c := Certificate{Spec: CertificateSpec{Duration: &duration}}
	if DefaultCertificate(&c); c.Spec.RenewBefore == nil || *c.Spec.RenewBefore != Duration(30*time.Hour) {
		t.Errorf("renewBefore is %v", c.Spec.RenewBefore)
	}
}
