package v1alpha1

import (
	"slices"
	"strings"
	"time"
)

// checkClientAuth finds a way around it.
func (f *findings) checkClientAuth(t *RouteTLS) {
	if t.ClientAuth != nil && t.ClientAuth.Mode == ClientRequire && t.Redirect != nil && !*t.Redirect {
		f.invalid("spec.tls.redirect", "is false beside clientAuth with mode Require, and in the clear nobody shows a certificate: remove it")
	}
}

// checkVersions finds versions that exclude each other.
func (f *findings) checkVersions(t *RouteTLS) {
	switch {
	case t.Policy == PolicyModern && t.MaxVersion == "1.2":
		f.invalid("spec.tls.maxVersion", "is 1.2 with policy modern, which is TLS 1.3 only: remove it, or use policy intermediate")
	case t.Policy == PolicyModern && t.MinVersion != "1.3":
		f.invalid("spec.tls.minVersion", "is %s with policy modern, which is TLS 1.3 only: remove it, or use policy intermediate", t.MinVersion)
	case t.MaxVersion != "" && t.MaxVersion < t.MinVersion:
		f.invalid("spec.tls.maxVersion", "is %s, less than minVersion, which is %s: nobody could connect", t.MaxVersion, t.MinVersion)
	}
}

// checkCurves finds curves that the versions do not have.
func (f *findings) checkCurves(t *RouteTLS) {
	if t.MaxVersion == "1.2" && len(t.Curves) == 1 && t.Curves[0] == "X25519MLKEM768" {
		f.invalid("spec.tls.curves", "has X25519MLKEM768 only, which TLS 1.2 (maxVersion) does not have: add X25519, P-256, P-384 or P-521")
	}
}

// checkCipherSuites finds cipher suites that nobody would use.
func (f *findings) checkCipherSuites(t *RouteTLS) {
	isOld := func(suite string) bool { return strings.Contains(suite, "_CBC_") }
	switch old := slices.IndexFunc(t.CipherSuites, isOld); {
	case len(t.CipherSuites) == 0:
	case t.MinVersion == "1.3":
		f.invalid("spec.tls.cipherSuites", "are those of TLS 1.2, and TLS 1.3 only is accepted (minVersion, or policy modern): remove them; those of TLS 1.3 are all good")
	case t.Policy == PolicyIntermediate && old >= 0:
		f.invalid(at("spec.tls.cipherSuites", old), "%s is not one of policy intermediate, as CBC is none of authenticated encryption: remove it, or the policy", t.CipherSuites[old])
	}
}

const year = 365 * 24 * time.Hour

// checkHSTS finds what no list for browsers would take.
func (f *findings) checkHSTS(h *HSTS) {
	switch {
	case h == nil || h.MaxAge == nil || !h.Preload:
	case !h.IncludeSubdomains:
		f.invalid("spec.tls.hsts.preload", "needs includeSubdomains: true")
	case time.Duration(*h.MaxAge) < year:
		f.invalid("spec.tls.hsts.preload", "needs a maxAge of a year or more, and it is %s: write 8760h", h.MaxAge)
	}
}

// checkPassthroughTLS finds what needs a decrypted connection.
func (f *findings) checkPassthroughTLS(t *RouteTLS) {
	const why = "has no meaning with mode Passthrough, which hands the encrypted connection on: remove it, or use mode Terminate"
	for _, field := range []struct {
		name string
		used bool
	}{
		{"secretRefs", len(t.SecretRefs) > 0}, {"issuerRef", t.IssuerRef != ""}, {"minVersion", t.MinVersion != ""}, {"maxVersion", t.MaxVersion != ""},
		{"policy", t.Policy != ""}, {"cipherSuites", len(t.CipherSuites) > 0}, {"curves", len(t.Curves) > 0},
		{"hsts", t.HSTS != nil}, {"redirect", t.Redirect != nil}, {"clientAuth", t.ClientAuth != nil},
	} {
		if field.used {
			f.invalid("spec.tls."+field.name, why)
		}
	}
}
