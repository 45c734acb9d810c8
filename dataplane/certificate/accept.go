package certificate

import (
	"crypto/tls"

	"fairlead.dev/fairlead/api/snapshot"
)

// suites are the cipher suites of TLS 1.2 by name, and curves the groups. crypto/tls
// orders both by itself.
var (
	suites = suitesByName()
	curves = map[string]tls.CurveID{
		"X25519MLKEM768": tls.X25519MLKEM768, "X25519": tls.X25519,
		"P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521,
	}
)

func suitesByName() map[string]uint16 {
	all := map[string]uint16{}
	for _, s := range tls.CipherSuites() {
		all[s.Name] = s.ID
	}
	return all
}

// accept makes c accept what a says. A name that is not known is nothing.
func accept(c *tls.Config, a *snapshot.Accepts) {
	if a.MaxVersion == "1.2" {
		c.MaxVersion = tls.VersionTLS12
	}
	for _, name := range a.CipherSuites {
		if id, ok := suites[name]; ok {
			c.CipherSuites = append(c.CipherSuites, id)
		}
	}
	for _, name := range a.Curves {
		if id, ok := curves[name]; ok {
			c.CurvePreferences = append(c.CurvePreferences, id)
		}
	}
}
