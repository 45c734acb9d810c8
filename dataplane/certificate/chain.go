package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
)

// leafFirst makes a certificate of a chain whose leaf, which the key is for, does
// not stand first; nil where the key is for none of them.
func leafFirst(chain, key []byte) *tls.Certificate {
	blocks := certificates(chain)
	for i := 1; i < len(blocks); i++ {
		reordered := append([]byte(nil), pem.EncodeToMemory(blocks[i])...)
		for j, b := range blocks {
			if j != i {
				reordered = append(reordered, pem.EncodeToMemory(b)...)
			}
		}
		if cert, err := tls.X509KeyPair(reordered, key); err == nil {
			cert.Certificate = inOrder(cert.Leaf, cert.Certificate)
			return &cert
		}
	}
	return nil
}

func certificates(chain []byte) []*pem.Block {
	var blocks []*pem.Block
	for {
		block, rest := pem.Decode(chain)
		if block == nil {
			return blocks
		}
		if block.Type == "CERTIFICATE" {
			blocks = append(blocks, block)
		}
		chain = rest
	}
}

// inOrder returns a chain so that each certificate is signed by the next. What
// signs nothing in it is left where it stands, at the end.
func inOrder(leaf *x509.Certificate, chain [][]byte) [][]byte {
	ordered, rest, last := chain[:1:1], slices.Clone(chain[1:]), leaf
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(der []byte) bool { return signed(last, der) })
		if i < 0 {
			break
		}
		next, err := x509.ParseCertificate(rest[i])
		if err != nil {
			break
		}
		ordered, rest, last = append(ordered, rest[i]), slices.Delete(rest, i, i+1), next
	}
	return append(ordered, rest...)
}

// signed says whether the certificate in der may have signed c, by their names.
func signed(c *x509.Certificate, der []byte) bool {
	issuer, err := x509.ParseCertificate(der)
	return err == nil && bytes.Equal(issuer.RawSubject, c.RawIssuer) && !bytes.Equal(issuer.Raw, c.Raw)
}
