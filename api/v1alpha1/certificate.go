package v1alpha1

import "time"

// KindCertificate is the kind of Certificate, as it stands in a manifest.
const KindCertificate = "Certificate"

// Certificate has an Issuer make a certificate without a Route, for applications
// that terminate TLS themselves. It goes, chain and key in PEM, into a Docker
// secret fairlead.certificate.NAME.VERSION (with a namespace
// fairlead.certificate.NAMESPACE.NAME.VERSION), which services mount by its name.
// All of them have the label fairlead.dev/certificate=NAME (or NAMESPACE/NAME), by
// which Routes can name them.
type Certificate struct {
	TypeMeta `json:",inline"`
	// Metadata names the Certificate.
	Metadata ObjectMeta `json:"metadata"`
	// Spec is what is wanted.
	Spec CertificateSpec `json:"spec"`
	// Status is what Fairlead says of the Certificate. Read-only.
	Status *Status `json:"status,omitempty"`
}

// CertificateSpec is what a Certificate wants.
type CertificateSpec struct {
	// DNSNames are the hosts that it is for: exact, or with a wildcard for one label
	// ("*.example.com").
	DNSNames []string `json:"dnsNames" validate:"required,min=1,max=100,dive,hostpattern"`
	// IssuerRef names the Issuer that makes it: one of the Certificate's namespace,
	// else one without a namespace.
	IssuerRef string `json:"issuerRef" validate:"required,dnslabel"`
	// Duration is how long it lasts, 1m at least. Absent means the Issuer's.
	Duration *Duration `json:"duration,omitempty"`
	// RenewBefore is how long before its end it is made anew, but never more than
	// half of its life. Absent means the Issuer's, or with a duration a third of
	// that.
	RenewBefore *Duration `json:"renewBefore,omitempty"`
	// PrivateKey says what kind of key is made. Absent means the Issuer's.
	PrivateKey *PrivateKey `json:"privateKey,omitempty"`
}

// DefaultCertificate fills in what the user left out of c and what is not the
// Issuer's to say, as Default does for a Route.
func DefaultCertificate(c *Certificate) {
	if d := c.Spec.Duration; d != nil {
		fillPointer(&c.Spec.RenewBefore, *d/3)
	}
}

// ValidateCertificate returns every mistake in c, which has its defaults, as
// Validate does for a Route.
func ValidateCertificate(c *Certificate) []Problem {
	f := &findings{rule: -1}
	f.checkTags(c)
	s := &c.Spec
	f.checkNames("spec.dnsNames", s.DNSNames)
	for i, name := range s.DNSNames {
		if name == "*" {
			f.invalid(at("spec.dnsNames", i), "is *, and no certificate can be made for every host: name them")
		}
	}
	if s.Duration != nil {
		f.checkLife(*s.Duration, *s.RenewBefore)
	} else if s.RenewBefore != nil && *s.RenewBefore <= 0 {
		f.invalid("spec.renewBefore", "is %s, must be more than nothing", time.Duration(*s.RenewBefore))
	}
	return f.problems
}

// checkLife finds a life that is too short, and a renewal that is not within it.
func (f *findings) checkLife(duration, renewBefore Duration) {
	if duration < leastDuration {
		f.invalid("spec.duration", "is %s, must be at least %s", time.Duration(duration), time.Duration(leastDuration))
	}
	if renewBefore >= duration || renewBefore <= 0 {
		f.invalid("spec.renewBefore", "is %s, must be more than nothing and less than duration, which is %s",
			time.Duration(renewBefore), time.Duration(duration))
	}
}
