package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// DefaultDays is how long a certificate lives where nothing is said.
const DefaultDays = 365

// Request is what a certificate is to be.
type Request struct {
	// Name is the common name, and that of the folder.
	Name string
	// Server: it is an engine's, with the Hosts and IPs that it is reached at.
	Server bool
	Hosts  []string
	IPs    []string
	// Days is how long it lives; 0 is DefaultDays.
	Days    int
	KeyType KeyType
	// Out is the folder for the files; "" is one for the Name below the authority's.
	Out string
}

// Issued is a certificate that was issued.
type Issued struct {
	// Dir holds ca.pem, cert.pem, key.pem and crl.pem.
	Dir         string
	Certificate *x509.Certificate
}

// Serial is how Revoke takes the number.
func (i Issued) Serial() string { return serialOf(i.Certificate) }

func serialOf(c *x509.Certificate) string { return fmt.Sprintf("%x", c.SerialNumber) }

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$`)
	hostName  = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$`)
)

// Issue makes a key and a certificate for it, and writes both.
func (a *Authority) Issue(r Request) (Issued, error) {
	template, err := a.template(r)
	if err != nil {
		return Issued{}, err
	}
	p, err := newPair(r.KeyType, &pair{cert: a.issuer, key: a.key}, template)
	if err != nil {
		return Issued{}, err
	}
	files := []file{{"cert.pem", append(p.certPEM, certificatePEM(a.issuer.Raw)...), 0o644}, {"key.pem", p.keyPEM, 0o600}}
	for _, name := range []string{"ca.pem", "crl.pem"} {
		data, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil {
			return Issued{}, err
		}
		files = append(files, file{name, data, 0o644})
	}
	issued := Issued{Dir: r.Out, Certificate: p.cert}
	if issued.Dir == "" {
		issued.Dir = filepath.Join(a.dir, folderOf(r.Server), r.Name)
	}
	if err := writeNew(issued.Dir, files); err != nil {
		return Issued{}, err
	}
	return issued, writeNew(filepath.Join(a.dir, "issued"), []file{{issued.Serial() + ".pem", p.certPEM, 0o644}})
}

func folderOf(server bool) string {
	if server {
		return "servers"
	}
	return "clients"
}

// template checks a Request and makes a template of it.
func (a *Authority) template(r Request) (*x509.Certificate, error) {
	if !plainName.MatchString(r.Name) {
		return nil, fmt.Errorf("%q is no name for a certificate: give 1 to 64 letters, digits and ._@-", r.Name)
	}
	t := &x509.Certificate{Subject: pkix.Name{CommonName: r.Name}, NotBefore: a.now().Add(-early), BasicConstraintsValid: true}
	if err := a.live(t, r.Days); err != nil {
		return nil, err
	}
	if !r.Server {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		return t, nil
	}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return t, addAddresses(t, r)
}

// live sets how long a certificate lives: not longer than who issues it.
func (a *Authority) live(t *x509.Certificate, days int) error {
	if days == 0 {
		days = DefaultDays
	}
	t.NotAfter = a.now().AddDate(0, 0, days)
	switch most := int(a.issuer.NotAfter.Sub(a.now()).Hours() / 24); {
	case days < 0:
		return fmt.Errorf("%d days: give 1 or more", days)
	case t.NotAfter.After(a.issuer.NotAfter):
		return fmt.Errorf("%d days: the authority itself ends at %s, so give %d or less, or make a new authority", days, a.issuer.NotAfter.Format(time.DateOnly), most)
	}
	return nil
}

func addAddresses(t *x509.Certificate, r Request) error {
	if len(r.Hosts)+len(r.IPs) == 0 {
		return errors.New("a server's certificate names where it is reached: give --host NAME or --ip ADDRESS")
	}
	for _, h := range r.Hosts {
		if net.ParseIP(h) != nil || !hostName.MatchString(h) {
			return fmt.Errorf("--host %q is no host name: addresses go to --ip", h)
		}
		t.DNSNames = append(t.DNSNames, h)
	}
	for _, s := range r.IPs {
		ip := net.ParseIP(s)
		if ip == nil {
			return fmt.Errorf("--ip %q is no address: names go to --host", s)
		}
		t.IPAddresses = append(t.IPAddresses, ip)
	}
	return nil
}
