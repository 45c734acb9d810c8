package v1alpha1

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// decode makes a Route with its defaults of the YAML of a spec.
func decode(t *testing.T, spec string) *Route {
	t.Helper()
	r := &Route{TypeMeta: TypeMeta{APIVersion: GroupVersion, Kind: KindRoute}, Metadata: ObjectMeta{Name: "demo"}}
	if err := yaml.UnmarshalStrict([]byte(spec), &r.Spec); err != nil {
		t.Fatal(err)
	}
	Default(r)
	return r
}

const (
	host    = "hosts: [demo.local]\n"
	backend = "backend: {service: demo, port: 8080}\n"
	certs   = "secretRefs: [{cert: c, key: k}]"
)

// rule is a Route with one Rule of the given fields and a backend.
func rule(fields string) string {
	return host + "rules: [{backends: [{service: a, port: 1}], " + fields + "}]"
}

// terminate is a Route with the given fields of TLS.
func terminate(fields string) string {
	return host + backend + "tls: {mode: Terminate, " + certs + ", " + fields + "}"
}

func filter(f string) string { return rule("filters: [" + f + "]") }

func TestValidateAccepts(t *testing.T) {
	for name, spec := range map[string]string{
		"plain HTTP in the short form":                        host + backend,
		"every host":                                          "hosts: ['*']\n" + backend,
		"a suffix, upper case and a trailing dot":             "hosts: ['*.Example.COM.']\n" + backend,
		"terminated TLS with a pair of secrets":               host + backend + "tls: {mode: Terminate, " + certs + "}",
		"TLS options, all of them":                            terminate("policy: intermediate, minVersion: '1.2', maxVersion: '1.3', cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], curves: [X25519MLKEM768, X25519, P-256, P-384, P-521], hsts: {maxAge: 8760h, includeSubdomains: true, preload: true}"),
		"modern TLS":                                          terminate("policy: modern, maxVersion: '1.3', minVersion: '1.3'"),
		"old cipher suites for old clients":                   terminate("cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]"),
		"HSTS that is forgotten":                              terminate("hsts: {maxAge: 0s}"),
		"client certificates, all of it":                      host + backend + "tls: {mode: Terminate, clientAuth: {caSecretRefs: [a, b], crlSecretRefs: [c], mode: Require}, " + certs + "}",
		"client certificates, or the clear":                   host + backend + "tls: {mode: Terminate, redirect: false, clientAuth: {caSecretRefs: [a], mode: VerifyIfGiven}, " + certs + "}",
		"passthrough for every host":                          "hosts: ['*']\n" + backend + "tls: {mode: Passthrough}",
		"passthrough with one rule and two backends":          host + "tls: {mode: Passthrough}\nrules: [{backends: [{service: a, port: 1}, {service: b, port: 1}]}]",
		"a rule without backends":                             host + "rules: [{}]",
		"a backend of addresses":                              host + "backend: {addresses: ['10.0.0.1:80', '[fd00::1]:80', 'db.example.com:443']}",
		"a redirect without backends":                         host + "rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]",
		"a prefix rewrite where there are no matches":         filter("{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}}}"),
		"an empty replacement of a prefix":                    filter("{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ''}}}"),
		"a try that may take as long as the request":          rule("timeouts: {request: 1s, backendRequest: 1s}"),
		"a bounded try in an unbounded request":               rule("timeouts: {request: 0s, backendRequest: 10s}"),
		"weight 0":                                            host + "rules: [{backends: [{service: a, port: 1, weight: 0}]}]",
		"h2c to the backend":                                  host + "backend: {service: a, port: 1, protocol: h2c}",
		"https to the backend, all of it":                     host + "backend: {service: a, port: 1, protocol: https, tls: {hostname: a, subjectAltNames: [b.example, 'spiffe://example/a'], caSecretRefs: [ca], clientSecretRef: {cert: c, key: k}}}",
		"https to addresses that have names":                  host + "backend: {addresses: ['a.example:443', 'b.example:443'], protocol: https}",
		"CORS, all of it":                                     filter("{type: CORS, cors: {allowOrigins: ['https://a.example:8443', 'http://*.a.example', 'https://*'], allowMethods: [GET, PUT], allowHeaders: ['*'], exposeHeaders: [X-A], allowCredentials: true, maxAge: 60}}"),
		"access lists":                                        host + backend + "access: {allow: [10.0.0.0/8, 'fd00::/8'], deny: [10.0.0.1/32]}",
		"two mirrors":                                         filter("{type: RequestMirror, requestMirror: {backend: {service: a, port: 1}}}, {type: RequestMirror, requestMirror: {percent: 0, backend: {service: b, port: 1, protocol: h2c}}}"),
		"one header in two matches":                           rule("matches: [{headers: [{name: A, value: '1'}]}, {headers: [{name: a, value: '2'}]}]"),
		"query parameters that differ in case":                rule("matches: [{queryParams: [{name: a, value: '1'}, {name: A, value: '2'}]}]"),
		"the same header field set and added":                 filter("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: b}], add: [{name: a, value: c}]}}"),
		"a redirect for one backend, a rewrite for another":   host + "rules: [{backends: [{service: a, port: 1, filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}, {service: b, port: 1, filters: [{type: URLRewrite, urlRewrite: {hostname: x}}]}]}]",
		"a consistent hash of a cookie":                       host + backend + "loadBalancing: {type: ConsistentHash, consistentHash: {cookie: session}}",
		"a consistent hash by its key alone":                  host + backend + "loadBalancing: {consistentHash: {query: user}}",
		"a consistent hash of addresses with Passthrough":     host + backend + "tls: {mode: Passthrough}\nloadBalancing: {consistentHash: {clientIP: true}}",
		"failures that are counted":                           host + backend + "healthCheck: {maxFails: 5, failTimeout: 30s}",
		"a health check of the defaults":                      host + backend + "healthCheck: {}",
		"failures that take nobody out":                       host + backend + "tls: {mode: Passthrough}\nhealthCheck: {maxFails: 0}",
		"a session of the defaults":                           rule("sessionPersistence: {}"),
		"a permanent session":                                 rule("sessionPersistence: {sessionName: s, absoluteTimeout: 24h, idleTimeout: 1h, type: Cookie, cookieConfig: {lifetimeType: Permanent}}"),
		"a session in a header field":                         rule("sessionPersistence: {type: Header, sessionName: X-Session}"),
		"checks by HTTP":                                      host + backend + "healthCheck: {type: HTTP, path: '/healthz?deep=1', interval: 100ms, timeout: 1s}",
		"checks by gRPC with the defaults":                    host + backend + "healthCheck: {type: GRPC}",
		"checks of what is passed through":                    host + backend + "tls: {mode: Passthrough}\nhealthCheck: {type: TCP}",
		"random choice of an Endpoint":                        host + backend + "loadBalancing: {type: Random}",
		"an expression for the path and an encoded character": rule("matches: [{path: {type: RegularExpression, value: '/[a-z]+'}}, {path: {type: Exact, value: /caf%C3%A9}}]"),
	} {
		t.Run(name, func(t *testing.T) {
			if problems := Validate(decode(t, spec)); problems != nil {
				t.Errorf("%v", problems)
			}
		})
	}
}

func TestValidateRefuses(t *testing.T) {
	const U, F = ReasonUnsupportedValue, ReasonIncompatibleFilters
	for _, tc := range []struct {
		name, spec string
		want       string // "reason rule path", one a line
	}{
		{"a Route without hosts", backend, "Invalid -1 spec.hosts"},
		{"a host with a port", "hosts: ['demo.local:80']\n" + backend, "Invalid -1 spec.hosts[0]"},
		{"a wildcard inside a host", "hosts: ['a.*.local']\n" + backend, "Invalid -1 spec.hosts[0]"},
		{"a host that stands there twice but for case", "hosts: [a.local, A.local.]\n" + backend, "Invalid -1 spec.hosts[1]"},
		{"a host that stands there twice", "hosts: [a.local, a.local]\n" + backend, "Invalid -1 spec.hosts[1]"},
		{"neither backend nor rules", host, "Invalid -1 spec"},
		{"an empty list of rules", host + "rules: []", "Invalid -1 spec"},
		{"backend beside rules", host + backend + "rules: [{}]", "Invalid -1 spec.backend"},
		{"a service without a port", host + "backend: {service: a}", "Invalid -1 spec.backend.port"},
		{"a port without a service", host + "backend: {port: 80}", "Invalid -1 spec.backend.service"},
		{"a backend that names nothing", host + "backend: {}", "Invalid -1 spec.backend"},
		{"service and addresses", host + "backend: {service: a, port: 1, addresses: ['h:1']}", "Invalid -1 spec.backend.service\nInvalid -1 spec.backend.port"},
		{"a network beside addresses", host + "backend: {network: n, addresses: ['h:1']}", "Invalid -1 spec.backend.network"},
		{"an address without a port", host + "backend: {addresses: [h]}", "Invalid -1 spec.backend.addresses[0]"},
		{"a port beyond 65535", host + "backend: {service: a, port: 70000}", "Invalid -1 spec.backend.port"},
		{"Terminate without secretRefs", host + backend + "tls: {mode: Terminate}", "Invalid -1 spec.tls.secretRefs"},
		{"a tls block without mode", host + backend + "tls: {}", "Invalid -1 spec.tls.mode"},
		{"a key without a certificate", host + backend + "tls: {mode: Terminate, secretRefs: [{key: k}]}", "Invalid -1 spec.tls.secretRefs[0].cert"},
		{"an old TLS version", host + backend + "tls: {mode: Terminate, minVersion: '1.1', " + certs + "}", "Invalid -1 spec.tls.minVersion"},
		{"Passthrough with certificates", host + backend + "tls: {mode: Passthrough, " + certs + "}", "Invalid -1 spec.tls.secretRefs"},
		{"Passthrough with a redirect", host + backend + "tls: {mode: Passthrough, redirect: true}", "Invalid -1 spec.tls.redirect"},
		{"Passthrough with matches and filters", host + "tls: {mode: Passthrough}\nrules: [{matches: [{}], filters: [{type: RequestRedirect, requestRedirect: {}}]}]", "Invalid 0 spec.rules[0].matches\nInvalid 0 spec.rules[0].filters"},
		{"Passthrough with two rules", host + "tls: {mode: Passthrough}\nrules: [{}, {}]", "Invalid -1 spec.rules"},
		{"Passthrough with timeouts and retry", host + "tls: {mode: Passthrough}\nrules: [{timeouts: {}, retry: {}}]", "Invalid 0 spec.rules[0].timeouts\nInvalid 0 spec.rules[0].retry"},
		{"a path that does not start with a slash", rule("matches: [{path: {value: api}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"a path with a double slash", rule("matches: [{path: {value: /a//b}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"a path with a dot segment", rule("matches: [{path: {value: /a/../b}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"a path that ends in a dot segment", rule("matches: [{path: {value: /a/.}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"a path with a query", rule("matches: [{path: {value: '/a?b=c'}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"a path with a blank", rule("matches: [{path: {value: '/a b'}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"an expression that does not compile", rule("matches: [{path: {type: RegularExpression, value: '/('}}]"), "Invalid 0 spec.rules[0].matches[0].path.value"},
		{"an unknown path type", rule("matches: [{path: {type: Prefix, value: /a}}]"), "Invalid 0 spec.rules[0].matches[0].path.type"},
		{"a header name with a blank", rule("matches: [{headers: [{name: 'a b', value: x}]}]"), "Invalid 0 spec.rules[0].matches[0].headers[0].name"},
		{"one header twice in a match", rule("matches: [{headers: [{name: A, value: x}, {name: a, value: y}]}]"), "Invalid 0 spec.rules[0].matches[0].headers[1].name"},
		{"an unknown method", rule("matches: [{method: get}]"), "Invalid 0 spec.rules[0].matches[0].method"},
		{"a filter without its block", filter("{type: URLRewrite}"), "Invalid 0 spec.rules[0].filters[0].urlRewrite"},
		{"a filter with another type's block", filter("{type: URLRewrite, urlRewrite: {hostname: a}, requestRedirect: {}}"), "Invalid 0 spec.rules[0].filters[0].requestRedirect"},
		{"a filter without a type", filter("{urlRewrite: {hostname: a}}"), "Invalid 0 spec.rules[0].filters[0].type"},
		{"two filters of one type", filter("{type: URLRewrite, urlRewrite: {hostname: a}}, {type: URLRewrite, urlRewrite: {hostname: b}}"), "Invalid 0 spec.rules[0].filters[1].type"},
		{"a rewrite that changes nothing", filter("{type: URLRewrite, urlRewrite: {}}"), "Invalid 0 spec.rules[0].filters[0].urlRewrite"},
		{"a header modifier that changes nothing", filter("{type: RequestHeaderModifier, requestHeaderModifier: {}}"), "Invalid 0 spec.rules[0].filters[0].requestHeaderModifier"},
		{"a header set twice", filter("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: b}, {name: a, value: c}]}}"), "Invalid 0 spec.rules[0].filters[0].requestHeaderModifier.set[1].name"},
		{"a header value with a line break", filter(`{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: A, value: "b\nc"}]}}`), "Invalid 0 spec.rules[0].filters[0].responseHeaderModifier.set[0].value"},
		{"a modifier of Host", filter("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: b}]}}"), "Invalid 0 spec.rules[0].filters[0].requestHeaderModifier.set[0].name"},
		{"a modifier of Transfer-Encoding", filter("{type: RequestHeaderModifier, requestHeaderModifier: {remove: [transfer-encoding]}}"), "Invalid 0 spec.rules[0].filters[0].requestHeaderModifier.remove[0]"},
		{"a status code that does not redirect", host + "rules: [{filters: [{type: RequestRedirect, requestRedirect: {statusCode: 304}}]}]", "Invalid 0 spec.rules[0].filters[0].requestRedirect.statusCode"},
		{"a redirect beside backends", filter("{type: RequestRedirect, requestRedirect: {}}"), "Invalid 0 spec.rules[0].backends"},
		{"a redirect beside a rewrite", host + "rules: [{filters: [{type: RequestRedirect, requestRedirect: {}}, {type: URLRewrite, urlRewrite: {hostname: a}}]}]", F + " 0 spec.rules[0].filters[1]"},
		{"a backend's redirect below a rule's rewrite", host + "rules: [{filters: [{type: URLRewrite, urlRewrite: {hostname: a}}], backends: [{service: a, port: 1, filters: [{type: RequestRedirect, requestRedirect: {}}]}]}]", F + " 0 spec.rules[0].backends[0].filters[0]"},
		{"a prefix rewrite of an exact path", rule("matches: [{path: {type: Exact, value: /a}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]"), "Invalid 0 spec.rules[0].filters[0].urlRewrite.path.type"},
		{"a path modifier without its value", filter("{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath}}}"), "Invalid 0 spec.rules[0].filters[0].urlRewrite.path.replaceFullPath"},
		{"a path modifier with both values", filter("{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /a, replacePrefixMatch: /b}}}"), "Invalid 0 spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch"},
		{"a try that may take longer than the request", rule("timeouts: {request: 1s, backendRequest: 2s}"), "Invalid 0 spec.rules[0].timeouts.backendRequest"},
		{"a retry of successes", rule("retry: {codes: [200]}"), "Invalid 0 spec.rules[0].retry.codes[0]"},
		{"two rules of one name", host + "rules: [{name: a}, {name: a}]", "Invalid 1 spec.rules[1].name"},
		{"a mistake in the second rule concerns that rule", host + "rules: [{}, {backends: [{service: a}]}]", "Invalid 1 spec.rules[1].backends[0].port"},
		{"a negative weight", host + "rules: [{backends: [{service: a, port: 1, weight: -1}]}]", "Invalid 0 spec.rules[0].backends[0].weight"},
		{"backend TLS without https", host + "backend: {service: a, port: 1, tls: {}}", "Invalid -1 spec.backend.tls"},
		{"a hash key with another type", host + backend + "loadBalancing: {type: Random, consistentHash: {clientIP: true}}", "Invalid -1 spec.loadBalancing.consistentHash"},
		{"a consistent hash of nothing", host + backend + "loadBalancing: {type: ConsistentHash}", "Invalid -1 spec.loadBalancing.consistentHash"},
		{"a consistent hash of no key", host + backend + "loadBalancing: {consistentHash: {clientIP: false}}", "Invalid -1 spec.loadBalancing.consistentHash"},
		{"a consistent hash of two keys", host + backend + "loadBalancing: {consistentHash: {clientIP: true, header: A}}", "Invalid -1 spec.loadBalancing.consistentHash"},
		{"a consistent hash of a cookie that cannot be", host + backend + "loadBalancing: {consistentHash: {cookie: 'a=b'}}", "Invalid -1 spec.loadBalancing.consistentHash.cookie"},
		{"a consistent hash of what Passthrough hides", host + backend + "tls: {mode: Passthrough}\nloadBalancing: {consistentHash: {header: A}}", "Invalid -1 spec.loadBalancing.consistentHash"},
		{"https to a service without a name to verify", host + "rules: [{backends: [{service: a, port: 1, protocol: https}]}]", "Invalid 0 spec.rules[0].backends[0].tls.hostname"},
		{"https to IP addresses without a name to verify", host + "backend: {addresses: ['a.example:443', '10.0.0.1:443'], protocol: https, tls: {subjectAltNames: [a]}}", "Invalid -1 spec.backend.tls.hostname"},
		{"a name of a certificate with a port", host + "backend: {service: a, port: 1, protocol: https, tls: {hostname: a, subjectAltNames: ['a:443']}}", "Invalid -1 spec.backend.tls.subjectAltNames[0]"},
		{"a certificate to show without its key", host + "backend: {service: a, port: 1, protocol: https, tls: {hostname: a, clientSecretRef: {cert: c}}}", "Invalid -1 spec.backend.tls.clientSecretRef.key"},
		{"a certificate to show by its label", host + "backend: {service: a, port: 1, protocol: https, tls: {hostname: a, clientSecretRef: {certificate: c}}}", "Invalid -1 spec.backend.tls.clientSecretRef.certificate"},
		{"https through Passthrough", host + "tls: {mode: Passthrough}\nbackend: {service: a, port: 1, protocol: https, tls: {hostname: a}}", "Invalid -1 spec.backend.protocol"},
		{"https through Passthrough in a rule", host + "tls: {mode: Passthrough}\nrules: [{backends: [{service: a, port: 1, protocol: https, tls: {hostname: a}}]}]", "Invalid 0 spec.rules[0].backends[0].protocol"},

		{"a path for nobody who asks", host + backend + "healthCheck: {path: /}", "Invalid -1 spec.healthCheck.path"},
		{"an interval for nobody who asks", host + backend + "healthCheck: {interval: 1s, timeout: 1s}", "Invalid -1 spec.healthCheck.interval\nInvalid -1 spec.healthCheck.timeout"},
		{"failures that count for no time", host + backend + "healthCheck: {failTimeout: 0s}", "Invalid -1 spec.healthCheck.failTimeout"},

		{"a cookie's lifetime for a header field", rule("sessionPersistence: {type: Header, cookieConfig: {}}"), "Invalid 0 spec.rules[0].sessionPersistence.cookieConfig"},
		{"a permanent cookie that never ends", rule("sessionPersistence: {cookieConfig: {lifetimeType: Permanent}}"), "Invalid 0 spec.rules[0].sessionPersistence.absoluteTimeout"},
		{"a session that ends at once", rule("sessionPersistence: {idleTimeout: 0s}"), "Invalid 0 spec.rules[0].sessionPersistence.idleTimeout"},
		{"a session's name that no cookie can have", rule("sessionPersistence: {sessionName: 'a;b'}"), "Invalid 0 spec.rules[0].sessionPersistence.sessionName"},
		{"a session with tasks that Swarm chooses", host + "rules: [{sessionPersistence: {}, backends: [{service: a, port: 1}, {service: b, port: 1, mode: VIP}]}]", "Invalid 0 spec.rules[0].sessionPersistence"},
		{"a session in what Passthrough hides", host + "tls: {mode: Passthrough}\nrules: [{sessionPersistence: {}}]", "Invalid 0 spec.rules[0].sessionPersistence"},

		{"Sidecar", host + backend + "tls: {mode: Sidecar}", U + " -1 spec.tls.mode"},
		{"modern TLS that is not", terminate("policy: modern, maxVersion: '1.2'"), "Invalid -1 spec.tls.maxVersion"},
		{"modern TLS from 1.2 on", terminate("policy: modern, minVersion: '1.2'"), "Invalid -1 spec.tls.minVersion"},
		{"an unknown policy", terminate("policy: old"), "Invalid -1 spec.tls.policy"},
		{"versions that exclude each other", terminate("minVersion: '1.3', maxVersion: '1.2'"), "Invalid -1 spec.tls.maxVersion"},
		{"a version that is not served", terminate("maxVersion: '1.1'"), "Invalid -1 spec.tls.maxVersion"},
		{"cipher suites for TLS 1.3", terminate("policy: modern, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"), "Invalid -1 spec.tls.cipherSuites"},
		{"an insecure cipher suite", terminate("cipherSuites: [TLS_RSA_WITH_AES_128_GCM_SHA256]"), "Invalid -1 spec.tls.cipherSuites[0]"},
		{"CBC in a policy without it", terminate("policy: intermediate, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]"), "Invalid -1 spec.tls.cipherSuites[0]"},
		{"an unknown curve", terminate("curves: [X25519, P-224]"), "Invalid -1 spec.tls.curves[1]"},
		{"a curve that TLS 1.2 does not have", terminate("maxVersion: '1.2', curves: [X25519MLKEM768]"), "Invalid -1 spec.tls.curves"},
		{"HSTS without a time", terminate("hsts: {}"), "Invalid -1 spec.tls.hsts.maxAge"},
		{"HSTS to be preloaded for one host", terminate("hsts: {maxAge: 8760h, preload: true}"), "Invalid -1 spec.tls.hsts.preload"},
		{"HSTS to be preloaded for a while", terminate("hsts: {maxAge: 1h, preload: true, includeSubdomains: true}"), "Invalid -1 spec.tls.hsts.preload"},
		{"TLS options in what Passthrough hides", host + backend + "tls: {mode: Passthrough, policy: modern}", "Invalid -1 spec.tls.policy"},
		{"client certificates of nobody", host + backend + "tls: {mode: Terminate, clientAuth: {}, " + certs + "}", "Invalid -1 spec.tls.clientAuth.caSecretRefs"},
		{"client certificates by another mode", host + backend + "tls: {mode: Terminate, clientAuth: {caSecretRefs: [ca], mode: Maybe}, " + certs + "}", "Invalid -1 spec.tls.clientAuth.mode"},
		{"client certificates in the clear", host + backend + "tls: {mode: Terminate, redirect: false, clientAuth: {caSecretRefs: [ca]}, " + certs + "}", "Invalid -1 spec.tls.redirect"},
		{"checks in the clear of what speaks TLS", host + backend + "tls: {mode: Passthrough}\nhealthCheck: {type: HTTP}", "Invalid -1 spec.healthCheck.type"},
		{"a path for who does not ask by HTTP", host + backend + "healthCheck: {type: TCP, path: /}", "Invalid -1 spec.healthCheck.path"},
		{"a path that no request could have", host + backend + "healthCheck: {type: HTTP, path: '/a b'}", "Invalid -1 spec.healthCheck.path"},
		{"checks all the time", host + backend + "healthCheck: {type: TCP, interval: 10ms, timeout: 0s}", "Invalid -1 spec.healthCheck.interval\nInvalid -1 spec.healthCheck.timeout"},
		{"an address that is no range", host + backend + "access: {allow: [10.0.0.1]}", "Invalid -1 spec.access.allow[0]"},
		{"a mirror to nowhere", filter("{type: RequestMirror, requestMirror: {backend: {service: a}, percent: 101}}"), "Invalid 0 spec.rules[0].filters[0].requestMirror.percent\nInvalid 0 spec.rules[0].filters[0].requestMirror.backend.port"},
		{"a mirror with filters", filter("{type: RequestMirror, requestMirror: {backend: {service: a, port: 1, filters: [{type: URLRewrite, urlRewrite: {hostname: b}}]}}}"), "Invalid 0 spec.rules[0].filters[0].requestMirror.backend.filters"},
		{"CORS for no origin", filter("{type: CORS, cors: {}}"), "Invalid 0 spec.rules[0].filters[0].cors.allowOrigins"},
		{"CORS for what are no origins", filter("{type: CORS, cors: {allowOrigins: ['a.example', 'https://a.example/', 'ftp://a.example', 'https://a.*.example']}}"),
			"Invalid 0 spec.rules[0].filters[0].cors.allowOrigins[0]\nInvalid 0 spec.rules[0].filters[0].cors.allowOrigins[1]\nInvalid 0 spec.rules[0].filters[0].cors.allowOrigins[2]\nInvalid 0 spec.rules[0].filters[0].cors.allowOrigins[3]"},
		{"CORS with a star among others", filter("{type: CORS, cors: {allowOrigins: ['*', 'https://a.example'], allowMethods: [GET, '*']}}"),
			"Invalid 0 spec.rules[0].filters[0].cors.allowOrigins\nInvalid 0 spec.rules[0].filters[0].cors.allowMethods"},
		{"CORS with a header twice", filter("{type: CORS, cors: {allowOrigins: ['*'], allowHeaders: [X-A, x-a]}}"), "Invalid 0 spec.rules[0].filters[0].cors.allowHeaders[1]"},
		{"CORS on a backend of the short form", host + "backend: {service: a, port: 1, filters: [{type: CORS, cors: {}}]}", "Invalid -1 spec.backend.filters[0].cors.allowOrigins"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, p := range Validate(decode(t, tc.spec)) {
				got = append(got, fmt.Sprintf("%s %d %s", p.Reason, p.Rule, p.Path))
			}
			if diff := cmp.Diff(strings.Split(tc.want, "\n"), got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMessagesArePlain(t *testing.T) {
	for spec, want := range map[string]string{
		"hosts: ['http://demo.local']\n" + backend:                        `spec.hosts[0]: "http://demo.local" must be a host name without scheme, port or path: exact ("demo.local"), a suffix ("*.example.com") or "*"`,
		host + "backend: {service: a, port: 70000}":                       `spec.backend.port: is 70000, must be at most 65535`,
		host + backend + "tls: {mode: terminate}":                         `spec.tls.mode: is "terminate", must be Terminate, Passthrough or Sidecar`,
		rule("name: " + strings.Repeat("x", 300)):                         `spec.rules[0].name: has 300 characters, may have at most 253`,
		rule("timeouts: {request: 1s, backendRequest: 1500ms}"):           `spec.rules[0].timeouts.backendRequest: is 1s500ms, longer than request (1s) in which it must fit`,
		rule("matches: [{path: {type: RegularExpression, value: '/('}}]"): "spec.rules[0].matches[0].path.value: \"/(\" is no regular expression (RE2): missing closing ): `/(`",
	} {
		problems := Validate(decode(t, spec))
		if len(problems) != 1 || problems[0].String() != want {
			t.Errorf("got %v\nwant %s", problems, want)
		}
	}
}

func TestMetadataIsValidated(t *testing.T) {
	r := decode(t, host+backend)
	r.APIVersion = "v1"
	r.Metadata = ObjectMeta{Name: "Demo", Namespace: "a b"}
	var paths []string
	for _, p := range Validate(r) {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff([]string{"apiVersion", "metadata.name", "metadata.namespace"}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestDefaultIsIdempotentAndValidateEditsNothing(t *testing.T) {
	r := decode(t, host+"tls: {mode: Terminate, "+certs+`}
rules: [{matches: [{headers: [{name: a, value: b}]}], retry: {}, backends: [{service: a, port: 1}], filters: [{type: RequestMirror, requestMirror: {backend: {service: m, port: 1}}}]}]
loadBalancing: {}
`)
	before, _ := json.Marshal(r)
	Validate(r)
	Default(r)
	after, _ := json.Marshal(r)
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

func TestDefaultFillsWhatHasOneMeaning(t *testing.T) {
	r := decode(t, host+"tls: {mode: Terminate, "+certs+`}
rules: [{matches: [{headers: [{name: a, value: b}]}], retry: {}, backends: [{service: a, port: 1}], filters: [{type: RequestRedirect, requestRedirect: {}}]}]
loadBalancing: {}
`)
	got, err := yaml.Marshal(r.Spec)
	if err != nil {
		t.Fatal(err)
	}
	want := `hosts:
- demo.local
loadBalancing:
  type: RoundRobin
rules:
- backends:
  - port: 1
    protocol: http
    service: a
    weight: 1
  filters:
  - requestRedirect:
      statusCode: 302
    type: RequestRedirect
  matches:
  - headers:
    - name: a
      type: Exact
      value: b
    path:
      type: PathPrefix
      value: /
  retry:
    attempts: 1
tls:
  minVersion: "1.2"
  mode: Terminate
  redirect: true
  secretRefs:
  - cert: c
    key: k
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
