package swarm

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// Fault is what is wrong with the TLS between us and the engine, and what to do:
// one constant sentence each.
type Fault string

// The Faults.
const (
	NoClientCertificate      Fault = "the engine demands a client certificate and got none: put cert.pem and key.pem beside ca.pem in DOCKER_CERT_PATH (fairlead pki issue client makes them)"
	ForeignClientCertificate Fault = "the client certificate was not issued by the authority in ca.pem: get one from the authority that the engine trusts (dockerd --tlscacert), or add the intermediate one that is missing below it in cert.pem"
	ClientCertificateEnded   Fault = "the client certificate has ended: get a new one from the same authority (fairlead pki issue client)"
	ClientCertificateEarly   Fault = "the client certificate is not valid yet: set this host's clock, or wait until it is"
	ClientCertificateRevoked Fault = "the client certificate is revoked by crl.pem: get a new one from the same authority (fairlead pki issue client)"
	NotForClients            Fault = "the certificate in cert.pem is not for clients: get one with the extended key usage clientAuth (fairlead pki issue client)"
	ClientRefused            Fault = "the engine refuses the client certificate, with which nothing is wrong by ca.pem: look at dockerd --tlscacert and at the engine's clock"
	UnknownServerAuthority   Fault = "the engine's certificate is of an authority that is not in ca.pem: make sure that this is your engine, then put its authority into ca.pem"
	OtherServerName          Fault = "the engine's certificate is for another name: use an address that it names, or issue one with this address (fairlead pki issue server --host --ip)"
	ServerCertificateEnded   Fault = "the engine's certificate has ended: give dockerd a new one (fairlead pki issue server) and restart it"
	ServerCertificateEarly   Fault = "the engine's certificate is not valid yet: set this host's clock, or wait until it is"
	ServerCertificateRevoked Fault = "the engine's certificate is revoked by crl.pem: give dockerd a new one (fairlead pki issue server), and find out why it was revoked"
	NotForServers            Fault = "the engine's certificate is not for servers: give dockerd one with the extended key usage serverAuth (fairlead pki issue server)"
	PlainToTLS               Fault = "the engine speaks TLS at this address, and plain TCP was spoken to it: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH"
	TLSToPlain               Fault = "the engine speaks plain TCP at this address, and TLS was spoken to it: give its TLS port (dockerd --tlsverify -H tcp://0.0.0.0:2376), or unset DOCKER_TLS_VERIFY"
	UntrustedRevocations     Fault = "crl.pem is not signed by the authority that it names: get it from that authority again"
)

// Parts are the halves of the sentence: what is so, and what to do.
func (f Fault) Parts() (what, do string) {
	what, do, _ = strings.Cut(string(f), ": ")
	return what, do
}

// TrustError says that a connection came to nothing because of a Fault.
type TrustError struct {
	Fault Fault
	// Where is what has the fault: the address, or a file and what it holds.
	Where string
	// Err is what the connection ended with.
	Err error
}

// Error is the sentence, where it is so, and what the connection ended with.
func (e *TrustError) Error() string {
	said := string(e.Fault) + " [" + e.Where + "]"
	if e.Err != nil {
		said += ": " + innermost(e.Err).Error()
	}
	return said
}

// innermost is err without what the client's library says around it, and without
// the address of our end, which is another one every time.
func innermost(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Source != nil {
		err = op.Err
	}
	return err
}

// Unwrap returns Err.
func (e *TrustError) Unwrap() error { return e.Err }
