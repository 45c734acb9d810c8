package v1alpha1

import (
	"strings"
	"time"
)

// KindIssuer is the kind of Issuer, as it stands in a manifest.
const KindIssuer = "Issuer"

// Issuer makes Certificates for the Routes that name it in tls.issuerRef and for
// the Certificates that name it in issuerRef, and makes them anew before they end. Exactly one of its sorts is set.
type Issuer struct {
	TypeMeta `json:",inline"`
	// Metadata names the Issuer.
	Metadata ObjectMeta `json:"metadata"`
	// Spec is what is wanted.
	Spec IssuerSpec `json:"spec"`
	// Status is what Fairlead says of the Issuer. Read-only.
	Status *Status `json:"status,omitempty"`
}

// IssuerSpec is what an Issuer wants.
type IssuerSpec struct {
	// SelfSigned signs each certificate with its own key. Nobody trusts it who was
	// not told to.
	SelfSigned *SelfSignedIssuer `json:"selfSigned,omitempty"`
	// CA signs with the key of an authority, such as a company's.
	CA *CAIssuer `json:"ca,omitempty"`
	// Duration is how long a certificate lasts, 1m at least. Absent means 90 days
	// (2160h). It does not outlast the authority.
	Duration *Duration `json:"duration,omitempty"`
	// RenewBefore is how long before its end a certificate is made anew. Absent
	// means a third of its life.
	RenewBefore *Duration `json:"renewBefore,omitempty"`
	// PrivateKey says what kind of key is made. There is a new one each time.
	PrivateKey *PrivateKey `json:"privateKey,omitempty"`
}

// SelfSignedIssuer has nothing to set.
type SelfSignedIssuer struct{}

// CAIssuer names the authority that signs.
type CAIssuer struct {
	// SecretRef are the Docker secrets with the authority's certificate in PEM,
	// followed by those of the authorities above it but for the root, and with its
	// key.
	SecretRef SecretRef `json:"secretRef"`
}

// The kinds of a PrivateKey.
const (
	KeyECDSA = "ECDSA"
	KeyRSA   = "RSA"
)

// PrivateKey says what kind of key is made.
type PrivateKey struct {
	// Algorithm is ECDSA (the default, on P-256) or RSA (of 2048 bits).
	Algorithm string `json:"algorithm,omitempty" validate:"omitempty,oneof=ECDSA RSA"`
}

// DefaultIssuer fills in what the user left out of i, as Default does for a Route.
func DefaultIssuer(i *Issuer) {
	fillPointer(&i.Spec.Duration, Duration(90*24*time.Hour))
	fillPointer(&i.Spec.RenewBefore, *i.Spec.Duration/3)
	fillPointer(&i.Spec.PrivateKey, PrivateKey{})
	fill(&i.Spec.PrivateKey.Algorithm, KeyECDSA)
}

// leastDuration is the shortest life of a certificate.
const leastDuration = Duration(time.Minute)

// ValidateIssuer returns every mistake in i, which has its defaults, as Validate
// does for a Route.
func ValidateIssuer(i *Issuer) []Problem {
	f := &findings{rule: -1}
	f.checkTags(i)
	s := &i.Spec
	switch {
	case s.SelfSigned == nil && s.CA == nil:
		f.invalid("spec", "says not what signs: add selfSigned: {}, or ca")
	case s.SelfSigned != nil && s.CA != nil:
		f.invalid("spec.ca", "stands beside selfSigned: use one of them")
	case s.CA != nil:
		f.checkSecretRef("spec.ca.secretRef", s.CA.SecretRef)
	}
	f.checkLife(*s.Duration, *s.RenewBefore)
	if s.CA != nil && strings.HasPrefix(s.CA.SecretRef.Certificate, issuedPrefix) {
		f.invalid("spec.ca.secretRef.certificate", "is the label of certificates that Issuers make for Routes, and an authority is not one of them")
	}
	return f.problems
}

// issuedPrefix begins the labels of certificates that Issuers make for Routes.
const issuedPrefix = "route."
