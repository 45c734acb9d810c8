package plan

import (
	"strconv"
	"time"
)

// Issued is what a secret says of the certificate in it that an Issuer made.
type Issued struct {
	// Issuer is the Issuer's key; "" for a secret that no Issuer made.
	Issuer string
	// Settings is the hash of what the certificate was made by: its names, the
	// kind of its key, the Issuer's settings.
	Settings string
	// Version counts the certificates of one name from 1.
	Version int
	// Begins and Ends are the certificate's.
	Begins, Ends time.Time
}

// Labels of secrets with certificates that an Issuer made, beside
// LabelCertificate.
const (
	LabelIssuer   = "fairlead.dev/issuer"
	LabelSettings = "fairlead.dev/settings"
	LabelVersion  = "fairlead.dev/version"
	LabelBegins   = "fairlead.dev/begins"
	LabelEnds     = "fairlead.dev/ends"
)

// Labels are how a secret says it.
func (i Issued) Labels() map[string]string {
	return map[string]string{
		LabelIssuer: i.Issuer, LabelSettings: i.Settings, LabelVersion: strconv.Itoa(i.Version),
		LabelBegins: i.Begins.UTC().Format(time.RFC3339), LabelEnds: i.Ends.UTC().Format(time.RFC3339),
	}
}

// ReadIssued is the counterpart of Labels; zero where the labels say nothing.
func ReadIssued(labels map[string]string) Issued {
	if labels[LabelIssuer] == "" {
		return Issued{}
	}
	i := Issued{Issuer: labels[LabelIssuer], Settings: labels[LabelSettings]}
	i.Version, _ = strconv.Atoi(labels[LabelVersion])
	i.Begins, _ = time.Parse(time.RFC3339, labels[LabelBegins])
	i.Ends, _ = time.Parse(time.RFC3339, labels[LabelEnds])
	return i
}
