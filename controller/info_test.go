package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestAProxyIsNamedByItsContainerOrItsHost(t *testing.T) {
	if got := proxyID("0123456789abcdef" + strings.Repeat("0", 48)); got != "0123456789ab" {
		t.Error(got)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	if got := proxyID(""); got != name {
		t.Errorf("%q, want %q", got, name)
	}
}

func TestTheProgramIsNamedAsInterlockNamedItself(t *testing.T) {
	var o runOptions
	if got := o.info().Server; !regexp.MustCompile(`^fairlead/\S+ \(\w+\) \w+/\w+$`).MatchString(got) {
		t.Error(got)
	}
	o.hideInfo = true
	if o.info() != nil {
		t.Error("it is to be hidden")
	}
}
