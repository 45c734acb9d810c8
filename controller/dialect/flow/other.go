package flow

import (
	"strings"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// guards are parameters that kept requests out and have no counterpart.
var guards = map[string]string{
	"users":                 "Routes ask for no password: let the application do it, or a service in front of it",
	"usersSecret":           "Routes ask for no password: let the application do it, or a service in front of it",
	"usersPassEncrypted":    "Routes ask for no password: let the application do it, or a service in front of it",
	"useGlobalUsers":        "Routes ask for no password: let the application do it, or a service in front of it",
	"verifyClientSsl":       "name the authority in spec.tls.clientAuth.caSecretRefs",
	"clientSslVerification": "name the authority in spec.tls.clientAuth.caSecretRefs",
	"deniedMethods":         "Routes only say where requests go: name the methods that may in spec.rules[].matches[].method",
	"servicePathExclude":    "Routes only say where requests go: give the path a rule of its own",
}

// others are parameters that have no counterpart and kept nothing out.
var others = map[string]string{
	"templateFePath": "is a template of HAProxy's configuration", "templateBePath": "is a template of HAProxy's configuration",
	"consulTemplateFePath": "is a template of HAProxy's configuration", "consulTemplateBePath": "is a template of HAProxy's configuration",
	"backendExtra": "is a piece of HAProxy's configuration", "balanceGroup": "services that share requests stand as backends with weights in one Route",
	"compressionAlgo": "answers are not compressed here: let the application do it", "compressionType": "answers are not compressed here: let the application do it",
	"serviceCert": "is a certificate with its key in a label: store them as Docker secrets and name those in spec.tls.secretRefs",
	"httpsPort":   "a Route has one port for both sides: give the other one a Route of its own", "srcHttpsPort": "requests come in on the ports of --http and --https",
	"redirectUnlessPath": "write a rule for the path and a redirect for the rest", "httpsRedirectCode": "plain HTTP is answered with 308",
	"reqPathSearchReplaceFormatted": "write a URLRewrite filter", "timeoutClient": "the data plane's own limits count",
	"ignoreAuthorization": "there is no password to leave out",
}

// needless are parameters that say nothing of routing, or what is so anyway.
var needless = map[string]string{
	"notify": "a Route says itself which service it is for; where the proxy had certificates for its hosts (secrets called cert-*), add spec.tls", "distribute": "every data plane serves every Route",
	"aclName": "the more specific match goes first here", "serviceName": "follows from the service",
	"connectionMode": "connections are kept where both sides can", "timeoutTunnel": "a connection that switched to WebSocket stays",
	"checkTcp": "an Endpoint that does not answer is passed over", "skipCheck": "tasks are those that Swarm says run",
	"checkResolvers": "tasks are those that Swarm says run", "discoveryType": "tasks are those that Swarm says run",
	"tcpCheck": "an Endpoint that does not answer is passed over", "serviceColor": "a Route names its service", "serviceGroup": "a Route names its service",
}

// monitors start the names of labels that were for Docker Flow Monitor.
var monitors = []string{"alert", "scrape", "metrics", "nodeLabels", "scaleUp", "scaleDown", "scaleMin", "scaleMax"}

// readOthers says of all parameters without a field why they have none.
func (t *translator) readOthers() {
	for _, label := range t.Names() {
		name := strings.TrimPrefix(label, prefix)
		if m := indexed.FindStringSubmatch(name); m != nil {
			name = m[1]
		}
		value, _ := t.Value(label)
		switch {
		case guards[name] != "" && value == "false", others[name] != "" && value == "false":
			t.Needless(label, "is how it is without the label")
		case guards[name] != "":
			t.Lost(label, "%s", guards[name])
			t.open = append(t.open, label)
		case others[name] != "":
			t.Lost(label, "%s", others[name])
		case needless[name] != "":
			t.Needless(label, "%s", needless[name])
		default:
			t.readMonitor(label, name)
		}
	}
}

func (t *translator) readMonitor(label, name string) {
	for _, m := range monitors {
		if strings.HasPrefix(name, m) {
			t.Needless(label, "was for Docker Flow Monitor")
		}
	}
}

// say says of what a destination read where it stands now.
func (d *destination) say(r *labels.Route) {
	for name, field := range map[string]string{
		"serviceDomain": "spec.hosts", "serviceDomainAlgo": "spec.hosts", "serviceDomainMatchAll": "spec.hosts", "isDefaultBackend": "spec.hosts",
		"port": "spec.rules[].backends[].port", "reqMode": "spec.tls.mode", "pathType": "spec.rules[].matches[].path.type",
		"serviceHeader": "spec.rules[].matches[].headers", "userAgent": "spec.rules[].matches[].headers", "allowedMethods": "spec.rules[].matches[].method",
	} {
		d.became(name, labels.Field(r, field))
	}
	d.sayPath(r)
	d.saySides(r)
}

func (d *destination) sayPath(r *labels.Route) {
	label, field := d.label("servicePath", d.index), labels.Field(r, "spec.rules[].matches[].path")
	if d.passthrough() {
		d.Needless(label, "paths are encrypted, and all of them go there")
		return
	}
	if len(d.hosts) == 1 && d.hosts[0] == "*" && d.matches[0].Path != nil {
		d.Adapted(label, field, labels.AnyHost)
	}
	for _, m := range d.matches {
		if m.Path != nil && m.Path.Type == "PathPrefix" {
			d.Adapted(label, field, "matches whole segments here: %s and %[1]s/x, not %[1]s-x", m.Path.Value)
			return
		}
	}
	d.Became(label, field)
}

func (d *destination) saySides(r *labels.Route) {
	for _, name := range []string{"httpsOnly", "redirectWhenHttpProto", "denyHttp", "srcPort"} {
		label := d.label(name, d.index)
		value := d.param(name, d.index)
		switch {
		case name == "srcPort" && value != "80" && value != "443":
			d.Adapted(label, "", "requests come in on the ports of --http and --https")
		case value == "false":
			d.Needless(label, "is how it is without the label")
		case d.tls != nil && d.words != "":
			d.Adapted(label, labels.Field(r, "spec.tls"), "%s", d.words)
		default:
			d.Became(label, labels.Field(r, "spec.tls"))
		}
	}
}

// hostsOf are items as hosts, or the first that is none.
func hostsOf(items []string) (hosts []string, bad string) {
	for _, item := range items {
		host, ok := labels.Host(item)
		if !ok {
			return nil, item
		}
		hosts = append(hosts, host)
	}
	return hosts, ""
}
