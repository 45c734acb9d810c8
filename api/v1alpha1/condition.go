package v1alpha1

import (
	"slices"
	"strings"
	"time"
)

// ConditionStatus is the value of a Condition: True, False or Unknown.
type ConditionStatus string

// The values of a Condition.
const (
	True    ConditionStatus = "True"
	False   ConditionStatus = "False"
	Unknown ConditionStatus = "Unknown"
)

// Types of Conditions. The first four are always present once an object was
// seen; the others only while they are True (GEP-1364).
const (
	// Accepted: at least one Rule can be served.
	Accepted = "Accepted"
	// ResolvedRefs: every Service, Network and Secret that is named was found and fits.
	ResolvedRefs = "ResolvedRefs"
	// Programmed: every live data plane has acknowledged this generation.
	Programmed = "Programmed"
	// Ready: requests are served now, by at least one usable Endpoint.
	Ready = "Ready"

	// PartiallyInvalid: something was dropped, the rest is served. The message
	// starts with "Dropped Rule" or "Fall Back".
	PartiallyInvalid = "PartiallyInvalid"
	// Conflicted: an older object serves what this one also claims. Of a Certificate:
	// secrets that no Issuer made have its label.
	Conflicted = "Conflicted"
	// CertificateExpiring: a Certificate ends within 14 days, or has ended; or a
	// revocation list is past its next update.
	CertificateExpiring = "CertificateExpiring"
)

// Reasons of Conditions: Gateway API's where it has one.
const (
	ReasonAccepted              = "Accepted"
	ReasonResolvedRefs          = "ResolvedRefs"
	ReasonProgrammed            = "Programmed"
	ReasonReady                 = "Ready"
	ReasonPending               = "Pending"
	ReasonInvalid               = "Invalid"
	ReasonUnsupportedValue      = "UnsupportedValue"
	ReasonIncompatibleFilters   = "IncompatibleFilters"
	ReasonHostConflict          = "HostConflict"
	ReasonPathConflict          = "PathConflict"
	ReasonBackendNotFound       = "BackendNotFound"
	ReasonSecretNotFound        = "SecretNotFound"
	ReasonInvalidCertificateRef = "InvalidCertificateRef"
	ReasonIssuerNotFound        = "IssuerNotFound"
	ReasonSecretConflict        = "SecretConflict"
	ReasonNetworkAmbiguous      = "NetworkAmbiguous"
	ReasonNoSharedNetwork       = "NoSharedNetwork"
	ReasonUnsupportedProtocol   = "UnsupportedProtocol"
	ReasonNoReadyEndpoints      = "NoReadyEndpoints"
	ReasonProgressing           = "Progressing"
	ReasonProxiesOutOfSync      = "ProxiesOutOfSync"
	ReasonExpiring              = "Expiring"
	ReasonExpired               = "Expired"
)

// Condition is one thing that is so of an object, in the words of Gateway API.
type Condition struct {
	Type   string          `json:"type"`
	Status ConditionStatus `json:"status"`
	// Reason is a CamelCase word that programs may branch on.
	Reason string `json:"reason"`
	// Message says what, where and what to do, to a person.
	Message string `json:"message,omitempty"`
	// ObservedGeneration is the generation that the Condition speaks of.
	ObservedGeneration int64 `json:"observedGeneration"`
	// LastTransitionTime is when Status last changed.
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// Status is what Fairlead says of an object.
type Status struct {
	// Conditions are sorted by type, never two of one type.
	Conditions []Condition `json:"conditions,omitempty"`
	// ReadyEndpoints counts the Endpoints, over all Backends, that can be used.
	ReadyEndpoints int `json:"readyEndpoints"`
	// Certificate is of what has certificates of labelled secrets, or wants one of an
	// Issuer.
	Certificate *CertificateStatus `json:"certificate,omitempty"`
}

// CertificateStatus is what is known of an object's certificates beside its
// Conditions.
type CertificateStatus struct {
	// Serving are those that every live data plane has for a Route, sorted by the
	// name of the secret with the chain.
	Serving []ServingCertificate `json:"serving,omitempty"`
	// Renew is there while somebody waits for a certificate to be made anew.
	Renew *Renewal `json:"renew,omitempty"`
}

// ServingCertificate is a certificate that serves.
type ServingCertificate struct {
	// Secret is the name of the one with the chain.
	Secret string `json:"secret"`
	// NotAfter is its end.
	NotAfter time.Time `json:"notAfter"`
	// DNSNames are the hosts that it is for.
	DNSNames []string `json:"dnsNames,omitempty"`
}

// Renewal asks an Issuer for a certificate now. It has been met when there is a
// newer version than the one that there was, so no clocks are compared.
type Renewal struct {
	// Version is the newest that there was; 0 where there was none.
	Version int `json:"version"`
	// By is who asked, as user@host, and At when.
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

// Get returns the Condition of type t.
func (s *Status) Get(t string) (Condition, bool) {
	if s == nil {
		return Condition{}, false
	}
	for _, c := range s.Conditions {
		if c.Type == t {
			return c, true
		}
	}
	return Condition{}, false
}

// Is says whether the Condition of type t is True for generation.
func (s *Status) Is(t string, generation int64) bool {
	c, ok := s.Get(t)
	return ok && c.Status == True && c.ObservedGeneration == generation
}

// WithTransitions returns next with LastTransitionTime taken from s where the
// status of a Condition did not change, and now where it did. It sorts next's
// Conditions by type and edits nothing else.
func (s *Status) WithTransitions(next Status, now time.Time) Status {
	conditions := slices.Clone(next.Conditions)
	for i := range conditions {
		conditions[i].LastTransitionTime = now
		if old, ok := s.Get(conditions[i].Type); ok && old.Status == conditions[i].Status {
			conditions[i].LastTransitionTime = old.LastTransitionTime
		}
	}
	slices.SortFunc(conditions, func(a, b Condition) int { return strings.Compare(a.Type, b.Type) })
	next.Conditions = conditions
	return next
}
