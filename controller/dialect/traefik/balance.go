package traefik

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
)

// readBalance reads how a task is chosen.
func readBalance(o *object.Object, to *target) {
	label := lb + "strategy"
	switch strategy := strings.ToLower(o.Text(label)); strategy {
	case "":
	case "wrr":
		o.KeyNeedless(label, "is how it is without the label")
	case "p2c", "leasttime":
		to.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.LeastRequest}
		o.KeyAdapted(label, "spec.loadBalancing.type", "LeastRequest comes closest")
	case "hrw":
		to.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.ConsistentHash, ConsistentHash: &v1alpha1.HashKey{ClientIP: true}}
		o.KeyBecame(label, "spec.loadBalancing")
	default:
		o.KeyLost(label, "is no strategy that is known")
	}
}

// readSticky reads the cookie that Traefik sets.
func readSticky(o *object.Object, to *target) {
	const field = "spec.rules[].sessionPersistence"
	for _, p := range o.Options {
		switch key := strings.TrimPrefix(p.Key, lb); {
		case !strings.HasPrefix(key, "sticky"):
		case (key == "sticky" || key == "sticky.cookie") && !object.IsTrue(p.Value) && p.Value != "":
			o.Needless(p.Label, "is how it is without the label")
			return
		case key == "sticky" || key == "sticky.cookie":
			to.session = &v1alpha1.SessionPersistence{SessionName: o.Text(lb + "sticky.cookie.name"), Type: "Cookie"}
			o.Became(p.Label, field)
		case key == "sticky.cookie.name":
			to.session = &v1alpha1.SessionPersistence{SessionName: p.Value, Type: "Cookie"}
			o.Became(p.Label, field+".sessionName")
		case key == "sticky.cookie.secure" || key == "sticky.cookie.httponly":
			o.Needless(p.Label, "the cookie is always as safe as the connection allows")
		default:
			o.Lost(p.Label, "is an attribute of the cookie that cannot be chosen")
		}
	}
}

func readHealth(o *object.Object, to *target) {
	var h v1alpha1.HealthCheck
	for _, p := range o.Options {
		key, ok := strings.CutPrefix(p.Key, lb+"healthcheck.")
		if !ok {
			continue
		}
		field := "spec.healthCheck." + key
		switch d, err := parseDuration(p.Value); {
		case key == "path" && strings.HasPrefix(p.Value, "/"):
			h.Type, h.Path = "HTTP", p.Value
			o.Became(p.Label, field)
		case key == "interval" && err == nil:
			h.Interval = &d
			o.Became(p.Label, field)
		case key == "timeout" && err == nil:
			h.Timeout = &d
			o.Became(p.Label, field)
		case key == "mode" && p.Value == "http", key == "scheme" && p.Value == "http", key == "followredirects":
			o.Needless(p.Label, "an answer with 200 to 399 is healthy")
		default:
			o.Lost(p.Label, "the check asks the same port with GET, and has path, interval and timeout only")
		}
	}
	if h.Type != "" {
		to.health = &h
	}
}

var digits = regexp.MustCompile(`^\d+$`)

// parseDuration reads a time as Traefik does: a number is seconds.
func parseDuration(text string) (v1alpha1.Duration, error) {
	if digits.MatchString(text) {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err == nil && (d < time.Millisecond || d > 24*time.Hour) {
		err = strconv.ErrRange
	}
	return v1alpha1.Duration(d), err
}

func readOthers(o *object.Object) {
	o.KeyNeedless(lb+"responseforwarding.flushinterval", "answers are passed on as they come")
	switch value := o.Text(lb + "passhostheader"); {
	case value == "" || object.IsTrue(value):
		o.KeyNeedless(lb+"passhostheader", "is how it is without the label")
	default:
		o.KeyLost(lb+"passhostheader", "the Host is passed on; spec.rules[].filters[].urlRewrite.hostname replaces it by another")
	}
	o.KeyLost(lb+"serverstransport", "stands in a file: what it says of TLS belongs into tls of the backend")
}
