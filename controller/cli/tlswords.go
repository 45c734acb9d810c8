package cli

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func tlsWords(t *v1alpha1.RouteTLS) string {
	if t == nil {
		return "none, plain HTTP"
	}
	if t.Mode != v1alpha1.TLSTerminate {
		return string(t.Mode)
	}
	var certs []string
	for _, ref := range t.SecretRefs {
		certs = append(certs, ref.Cert)
	}
	if t.IssuerRef != "" {
		certs = append(certs, "a certificate of Issuer "+t.IssuerRef)
	}
	plain := "plain HTTP is redirected"
	if t.Redirect != nil && !*t.Redirect {
		plain = "plain HTTP is served too"
	}
	if t.ClientAuth != nil {
		plain += ", clients show certificates (" + t.ClientAuth.Mode + ")"
	}
	return fmt.Sprintf("Terminate with %s, %s, %s", dash(strings.Join(certs, ", ")), versions(t.MinVersion, t.MaxVersion), plain)
}

// versions are those of TLS that are accepted, in words.
func versions(least, most string) string {
	switch {
	case least == most:
		return "TLS " + least + " only"
	case most == "" || most == "1.3":
		return "TLS " + least + " or newer"
	}
	return "TLS " + least + " to " + most
}
