package v1alpha1

import "time"

// Group, Version and GroupVersion name this API.
const (
	Group        = "fairlead.dev"
	Version      = "v1alpha1"
	GroupVersion = Group + "/" + Version
)

// KindRoute is the kind of Route, as it stands in a manifest.
const KindRoute = "Route"

// TypeMeta says what a document is.
type TypeMeta struct {
	// APIVersion is the group and version of the schema: fairlead.dev/v1alpha1.
	APIVersion string `json:"apiVersion" validate:"required,eq=fairlead.dev/v1alpha1"`
	// Kind is the kind of object, for example Route.
	Kind string `json:"kind" validate:"required"`
}

// ObjectMeta names an object. Everything but name, namespace, labels and
// annotations is written by Fairlead.
type ObjectMeta struct {
	// Name is a DNS label (RFC 1123), unique among the objects of one kind and namespace.
	Name string `json:"name" validate:"required,dnslabel"`
	// Namespace is the name of a stack, or empty. Short names of services,
	// networks and secrets are looked up as <namespace>_<name> first, then as written.
	Namespace string `json:"namespace,omitempty" validate:"omitempty,stackname"`
	// Labels are the user's own. Fairlead stores them and gives them no meaning.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations are the user's own. Fairlead stores them and gives them no meaning.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Generation counts the times that this object was applied with a change,
	// from 1. Read-only.
	Generation int64 `json:"generation,omitempty"`
	// CreationTimestamp is when the first generation was applied; the older of
	// two objects wins a conflict. Read-only.
	CreationTimestamp *time.Time `json:"creationTimestamp,omitempty"`
}

// Key is an object's identity within its kind: "namespace/name", or "name"
// where there is no namespace.
func (m ObjectMeta) Key() string {
	if m.Namespace == "" {
		return m.Name
	}
	return m.Namespace + "/" + m.Name
}
