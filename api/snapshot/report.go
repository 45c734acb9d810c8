package snapshot

import "time"

// Report is what a data plane says of itself.
type Report struct {
	// Plane names the data plane, unique in the cluster.
	Plane string `json:"plane"`
	// Version is the Snapshot that it serves; "" before the first.
	Version string `json:"version"`
	// Certificates are sorted by ID; one for each in the served Snapshot.
	Certificates []CertificateReport `json:"certificates,omitempty"`
	// Ejected are the IDs of Endpoints that are passed over because they
	// failed requests or checks, sorted.
	Ejected []string `json:"ejected,omitempty"`
	// Sessions: it has a key of sessions, so it keeps them where a Rule wants that.
	Sessions bool `json:"sessions,omitempty"`
}

// CertificateState says whether a Certificate is served.
type CertificateState string

// The states of a Certificate.
const (
	// CertificateLoaded: it is served.
	CertificateLoaded CertificateState = "Loaded"
	// CertificatePending: its bytes have not come yet; it will be tried again.
	CertificatePending CertificateState = "Pending"
	// CertificateInvalid: its bytes are no certificate, or the key does not fit.
	CertificateInvalid CertificateState = "Invalid"
)

// CertificateReport says what became of one Certificate.
type CertificateReport struct {
	ID string `json:"id"`
	// Name is the Certificate's: the name of the secret with the chain.
	Name  string           `json:"name,omitempty"`
	State CertificateState `json:"state"`
	// Message says why it is not Loaded. It never holds bytes of a secret.
	Message string `json:"message,omitempty"`
	// NotAfter and Names are the leaf's end and its DNS names, where Loaded.
	NotAfter time.Time `json:"notAfter,omitzero"`
	Names    []string  `json:"names,omitempty"`
}
