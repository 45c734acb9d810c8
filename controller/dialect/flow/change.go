package flow

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

const rewriteField = "spec.rules[].filters[].urlRewrite.path"

// readRewrite reads "/search,/replace", several with a colon between them, and
// the older pair of parameters.
func (d *destination) readRewrite() {
	const name = "reqPathSearchReplace"
	pairs := labels.Items(d.param(name, d.index), ":")
	label := name
	if search := d.param("reqPathSearch", d.index); search != "" {
		pairs, label = []string{search + "," + d.param("reqPathReplace", d.index)}, "reqPathSearch"
	}
	for _, pair := range pairs {
		search, replace, ok := strings.Cut(pair, ",")
		search, replace = strings.TrimSuffix(strings.TrimPrefix(search, "^"), "/"), strings.TrimSuffix(replace, "/")
		if !ok || !plainPath.MatchString(search) || replace != "" && !plainPath.MatchString(replace) {
			d.lost(label, "%q is more than one prefix in the place of another: write a URLRewrite filter", pair)
			d.lost("reqPathReplace", "%q is more than one prefix in the place of another: write a URLRewrite filter", pair)
			continue
		}
		d.steps = append(d.steps, rewrite.Step{Strip: []string{search}})
		if replace != "" {
			d.steps = append(d.steps, rewrite.Step{Add: replace})
		}
		d.became(label, rewriteField)
		d.became("reqPathReplace", rewriteField)
	}
}

var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// readTimeout reads how long the service may take.
func (d *destination) readTimeout() {
	text := d.param("timeoutServer", d.index)
	if text == "" {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 86400 {
		d.lost("timeoutServer", "%q is no number of seconds", text)
		return
	}
	timeout := v1alpha1.Duration(time.Duration(n) * time.Second)
	d.rule.Timeouts = &v1alpha1.Timeouts{BackendRequest: &timeout}
	d.became("timeoutServer", "spec.rules[].timeouts.backendRequest")
}

// readBackend reads how the service is spoken to.
func (d *destination) readBackend() {
	if !d.isTrue("sslVerifyNone", d.index) {
		d.Needless(d.label("sslVerifyNone", d.index), "is how it is without the label")
	} else {
		d.backend.Protocol = v1alpha1.ProtocolHTTPS
		d.Adapted(d.label("sslVerifyNone", d.index), "spec.rules[].backends[].protocol", "%s", labels.Verified)
	}
	if host := d.param("outboundHostname", d.index); host != "" {
		d.backend = v1alpha1.Backend{Addresses: []string{fmt.Sprintf("%s:%d", host, d.backend.Port)}, Protocol: d.backend.Protocol}
		d.became("outboundHostname", "spec.rules[].backends[].addresses")
	}
	if d.param("sessionType", d.index) == "sticky-server" {
		d.rule.SessionPersistence = &v1alpha1.SessionPersistence{Type: "Cookie"}
		d.became("sessionType", "spec.rules[].sessionPersistence")
	}
}
