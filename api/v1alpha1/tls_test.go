package v1alpha1

import (
	"crypto/tls"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestCipherSuitesAreThoseThatCryptoTLSCallsSecure(t *testing.T) {
	field, _ := reflect.TypeFor[RouteTLS]().FieldByName("CipherSuites")
	_, list, _ := strings.Cut(field.Tag.Get("validate"), "oneof=")
	got := strings.Fields(list)
	var want []string
	for _, s := range tls.CipherSuites() {
		if slices.Contains(s.SupportedVersions, tls.VersionTLS12) {
			want = append(want, s.Name)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
