package acme

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
)

// Authority is one that certificates are ordered from.
type Authority struct {
	// Directory is its URL, with https (RFC 8555 section 7.1.1).
	Directory string
	// Roots are whom its own certificate is to be signed by; nil are the system's.
	Roots *x509.CertPool
	// Log hears, at debug level, what is asked; nil discards.
	Log *slog.Logger
}

// Account is who orders.
type Account struct {
	// Key is the account's, as of ParseAccountKey; an account is made for a key that
	// has none, and the authority's terms are agreed to.
	Key crypto.Signer
	// Email is where the authority may write to; it may be empty.
	Email string
	// External binds the account to one elsewhere (RFC 8555 section 7.3.4); nil
	// where that is not asked for.
	External *External
}

// External is the account elsewhere.
type External struct {
	KeyID string
	// Key is what is shared with the authority for it, as of DecodeMACKey.
	Key []byte
}

// Order is a certificate to be got.
type Order struct {
	Authority
	Account
	// Names are hosts; those that begin with "*." need DNS01. Upper case and a dot at
	// the end do not matter.
	Names []string
	// Algorithm is v1alpha1.KeyECDSA or KeyRSA, of the new key.
	Algorithm string
	// Challenges are those that can be answered, the preferred ones first. The first
	// that the authority offers for a name is taken.
	Challenges []string
	// Profile is one of the authority's; empty is its default.
	Profile string
	// Replaces is the certificate that this one follows (RFC 9773 section 5); nil
	// where there is none. Authorities exempt such orders from some of their limits.
	Replaces *x509.Certificate
}

// hosts are the Names as authorities write them, each once.
func (o *Order) hosts() ([]string, error) {
	var hosts []string
	for _, name := range o.Names {
		host := strings.ToLower(strings.TrimSuffix(name, "."))
		switch {
		case host == "" || strings.Contains(strings.TrimPrefix(host, "*."), "*"):
			return nil, fmt.Errorf("there are no certificates for the name %q", name)
		case net.ParseIP(host) != nil:
			return nil, fmt.Errorf("%s is an address, and certificates are ordered for names", name)
		case strings.HasPrefix(host, "*.") && !slices.Contains(o.Challenges, DNS01):
			return nil, fmt.Errorf("%s is a wildcard, which authorities grant by %s only: allow it, or name each host", name, DNS01)
		case !slices.Contains(hosts, host):
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("a certificate needs a name")
	}
	return hosts, nil
}
