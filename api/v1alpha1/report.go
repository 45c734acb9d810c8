package v1alpha1

import "time"

// KindStatusReport is the kind of StatusReport.
const KindStatusReport = "StatusReport"

// StatusReport is what `fairlead status` says of all objects at one time. It is
// output only: it is never applied and never stored.
type StatusReport struct {
	TypeMeta `json:",inline"`
	// Time is when the report was made.
	Time time.Time `json:"time"`
	// Ready: every object is Ready.
	Ready bool `json:"ready"`
	// Objects are sorted by kind and key.
	Objects []ObjectReport `json:"objects"`
}

// ObjectReport is one object's part of a StatusReport.
type ObjectReport struct {
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	Generation int64  `json:"generation"`
	// Ready: the Condition Ready is True for this generation.
	Ready bool `json:"ready"`
	// Reason is "Ready", or the Reason of the first Condition that stands in the
	// way, and Message says more.
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	// Hosts are those of the newest generation, where it decodes.
	Hosts []string `json:"hosts,omitempty"`
	// Status is the stored one; absent before the first.
	Status *Status `json:"status,omitempty"`
}

// Key is "namespace/name", or "name" where there is no namespace.
func (o ObjectReport) Key() string {
	return ObjectMeta{Namespace: o.Namespace, Name: o.Name}.Key()
}

// Verdict puts a Status into one word and one message: "Ready", or the Reason
// of the first Condition, from Accepted to Ready, that stands in the way of
// generation. A status that does not speak of generation yet is Pending.
func (s *Status) Verdict(generation int64) (reason, message string) {
	if s.Is(Ready, generation) {
		return ReasonReady, ""
	}
	for _, t := range []string{Accepted, ResolvedRefs, Programmed, Ready} {
		c, ok := s.Get(t)
		switch {
		case !ok || c.ObservedGeneration < generation:
			return ReasonPending, "the operator has not looked yet"
		case c.Status != True:
			return c.Reason, c.Message
		}
	}
	return ReasonPending, ""
}
