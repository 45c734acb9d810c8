package plan

import (
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// Plan is what follows from an Input.
type Plan struct {
	// Snapshot is what the data planes should serve.
	Snapshot *snapshot.Snapshot
	// Actions are changes to Swarm, in the order in which to take them.
	Actions []Action
	// Statuses are sorted by key: exactly one for each object of the Input, then one
	// for each Issuer, and then one for each Certificate.
	Statuses []Status
	// Wanted are the certificates that Issuers make, in the order of what wants them.
	Wanted []Wanted
	// Moving: something is about to change (a service is updating, tasks are
	// starting, a Tender is on its way), so look again soon.
	Moving bool
	// Due is when the Plan is another one by the time alone, but for what is said
	// of the ends of certificates; zero where it is not.
	Due time.Time
}

// Status is an object's new status.
type Status struct {
	// Kind is v1alpha1.KindIssuer or KindCertificate, or "" for a Route.
	Kind       string
	Key        string
	Generation int64
	Status     v1alpha1.Status
	// Changed: it differs from the status that is stored.
	Changed bool
}

// Action is a change to Swarm. Exactly one field is set. All are idempotent.
type Action struct {
	// CreateSecret comes first.
	CreateSecret *NewSecret
	CreateTender *Tender
	// RemoveTender is a Tender's service by ID.
	RemoveTender *TenderRef
	// RemoveSecret is one that Fairlead made and nobody wants.
	RemoveSecret *SecretRef
}

// NewSecret is a secret of random bytes, or with a certificate, to be created.
// Where there is one of that name already, it stays.
type NewSecret struct {
	Name string
	// Size is the number of random bytes.
	Size int
	// Certificate is what it holds instead: the chain and the key, in PEM.
	Certificate *NewCertificate
	// Cluster is the service cluster that it is for, which may have no name.
	Cluster string
}

// SecretRef names an existing secret.
type SecretRef struct{ ID, Name string }

// LabelCluster is the service cluster that a secret was made for.
const LabelCluster = "fairlead.dev/cluster"

// Tender is a Tender service to be created, on one Network or with Secrets.
type Tender struct {
	// Name is deterministic, so that two who create it collide on it.
	Name string
	Spec TenderSpec
	// Network is the ID of the overlay network to stand on; "" for none.
	Network string
	// Secrets are to be held, sorted by ID.
	Secrets []Secret
}

// TenderRef names an existing Tender service.
type TenderRef struct {
	ServiceID, Name string
}

// Labels of Tender services, and of secrets that Fairlead made.
const (
	// LabelSecret marks a secret that Fairlead made; its value is the name.
	LabelSecret = "fairlead.dev/secret"
	// LabelTender marks a Tender service; its value is the TenderSpec's Scope.
	LabelTender = "fairlead.dev/tender"
	// LabelTenderNetwork holds the ID of its Network.
	LabelTenderNetwork = "fairlead.dev/tender-network"
	// LabelTenderSecrets holds the IDs of its Secrets, sorted, with commas.
	LabelTenderSecrets = "fairlead.dev/tender-secrets"
	// LabelTenderPlace holds TenderSpec.Place, LabelTenderImage the image.
	LabelTenderPlace = "fairlead.dev/tender-place"
	LabelTenderImage = "fairlead.dev/tender-image"
)
