package plan

import (
	"maps"
	"strconv"
	"time"
)

// Issued is what a secret says of the certificate in it.
type Issued struct {
	// Issuer is the Issuer's key; "" for a certificate that was given by hand.
	Issuer string
	// Settings is the hash of what the certificate was made by: its names, the
	// kind of its key, the Issuer's settings.
	Settings string
	// Version counts the certificates of one name from 1.
	Version int
	// Begins and Ends are the certificate's.
	Begins, Ends time.Time
}

// Labels of secrets with certificates, beside LabelCertificate. Those that were
// given by hand have no LabelIssuer and no LabelSettings, and may have none at all.
const (
	LabelIssuer   = "fairlead.dev/issuer"
	LabelSettings = "fairlead.dev/settings"
	LabelVersion  = "fairlead.dev/version"
	LabelBegins   = "fairlead.dev/begins"
	LabelEnds     = "fairlead.dev/ends"
)

// Labels are how a secret says it.
func (i Issued) Labels() map[string]string {
	labels := map[string]string{
		LabelIssuer: i.Issuer, LabelSettings: i.Settings, LabelVersion: strconv.Itoa(i.Version),
		LabelBegins: i.Begins.UTC().Format(time.RFC3339), LabelEnds: i.Ends.UTC().Format(time.RFC3339),
	}
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" })
	return labels
}

// ReadIssued is the counterpart of Labels; what the labels do not say is zero.
func ReadIssued(labels map[string]string) Issued {
	i := Issued{Issuer: labels[LabelIssuer], Settings: labels[LabelSettings]}
	i.Version, _ = strconv.Atoi(labels[LabelVersion])
	i.Begins, _ = time.Parse(time.RFC3339, labels[LabelBegins])
	i.Ends, _ = time.Parse(time.RFC3339, labels[LabelEnds])
	return i
}
