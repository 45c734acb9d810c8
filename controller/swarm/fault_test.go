package swarm

import (
	"fmt"
	"net"
	"net/url"
	"syscall"
	"testing"
)

func TestAFaultIsToldInTheSameWordsEveryTime(t *testing.T) {
	at := func(port int) error {
		op := &net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, Err: syscall.ECONNRESET}
		return &TrustError{Fault: ClientCertificateEnded, Where: "cert.pem", Err: fmt.Errorf("error during connect: %w", &url.Error{Op: "Get", URL: "https://a.test", Err: op})}
	}
	want := string(ClientCertificateEnded) + " [cert.pem]: connection reset by peer"
	if got := at(1).Error(); got != want || at(2).Error() != want {
		t.Errorf("got %q", got)
	}
}

func TestNoTwoFaultsSayTheSame(t *testing.T) {
	all := []Fault{
		NoClientCertificate, ForeignClientCertificate, ClientCertificateEnded, ClientCertificateEarly, ClientCertificateRevoked, NotForClients,
		ClientRefused, UnknownServerAuthority, OtherServerName, ServerCertificateEnded, ServerCertificateEarly, ServerCertificateRevoked,
		NotForServers, PlainToTLS, TLSToPlain, UntrustedRevocations,
	}
	seen := map[string]bool{}
	for _, f := range all {
		what, do := f.Parts()
		if do == "" || seen[what] {
			t.Errorf("%q does not say what is so and what to do, or says it of two", f)
		}
		seen[what] = true
	}
}
