package caddy

import (
	"path"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// site is a block with addresses.
type site struct {
	*block.Block
	secure, plain []string // hosts
	tls           *v1alpha1.RouteTLS
	words         string // what is to be done about certificates
	open          []string
}

// readSite reads the addresses and how TLS is treated.
func readSite(b *block.Block) *site {
	s := &site{Block: b}
	for _, text := range b.Args {
		for _, address := range labels.Items(text, ",") {
			s.readAddress(address)
		}
	}
	if len(s.secure)+len(s.plain) == 0 {
		return s
	}
	s.tls, s.words = labels.Terminate(s.secure)
	if d := b.Kid("tls"); d != nil {
		s.readTLS(d)
	}
	return s
}

// readAddress reads [scheme://]host[:port].
func (s *site) readAddress(address string) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "", address
	}
	rest, tail, _ := strings.Cut(rest, "/")
	name, port, _ := strings.Cut(rest, ":")
	if tail != "" && tail != "*" {
		s.AdaptedField("", "the path of %s is not taken: put it into handle", address)
	}
	if scheme == "" {
		scheme = map[string]string{"80": "http", "443": "https", "": "https"}[port]
	}
	host, valid := labels.Host(name)
	if name == "" {
		host, valid = "*", true
	}
	switch {
	case !valid:
		s.Lost(s.Label, "%q is no host", name)
	case scheme == "http" && (port == "" || port == "80"):
		s.plain = append(s.plain, host)
	case scheme == "https" && (port == "" || port == "443"):
		s.secure = append(s.secure, host)
	default:
		s.Lost(s.Label, "%s is for a port of its own: the data plane listens on those of --http and --https", address)
	}
}

// readTLS reads the directive tls.
func (s *site) readTLS(d *block.Block) {
	switch {
	case len(d.Args) == 2:
		ref := v1alpha1.SecretRef{Cert: path.Base(d.Args[0]), Key: path.Base(d.Args[1])}
		s.tls.SecretRefs = []v1alpha1.SecretRef{ref}
		s.words = "the files of the certificate are taken for the Docker secrets " + ref.Cert + " and " + ref.Key
		d.AdaptedField("spec.tls.secretRefs", "%s", s.words)
	case slices.Contains(d.Args, "internal"):
		d.AdaptedField("spec.tls.secretRefs", "certificates come from Docker secrets: make one and sign it yourself")
	default:
		d.AllNeedless("is about how certificates were ordered, and they come from Docker secrets")
	}
	for _, k := range d.Kids {
		switch k.Name {
		case "protocols":
			if len(k.Args) > 0 && k.Args[0] == "tls1.3" {
				s.tls.MinVersion = "1.3"
				k.BecameField("spec.tls.minVersion")
			} else {
				k.AllNeedless("TLS 1.2 and 1.3 are spoken")
			}
		case "client_auth":
			k.AllLost("name the authority in spec.tls.clientAuth.caSecretRefs")
			s.open = append(s.open, k.SomeLabel())
		default:
			k.AllNeedless("is about how certificates were ordered, and they come from Docker secrets")
		}
	}
}
