package v1alpha1

// Route says which requests go where: hosts, how TLS is treated there, and
// either one backend for everything or rules.
type Route struct {
	TypeMeta `json:",inline"`
	// Metadata names the Route.
	Metadata ObjectMeta `json:"metadata"`
	// Spec is what is wanted.
	Spec RouteSpec `json:"spec"`
	// Status is what Fairlead says of the Route. Read-only.
	Status *Status `json:"status,omitempty"`
}

// RouteSpec is what a Route wants.
type RouteSpec struct {
	// Hosts are the names that this Route answers to: exact ("demo.local"), a
	// suffix ("*.example.com", one or more labels before it), or "*" for every
	// host that no other Route names.
	Hosts []string `json:"hosts" validate:"required,min=1,max=64,unique,dive,hostpattern"`
	// TLS says how TLS is treated. Absent means plain HTTP.
	TLS *RouteTLS `json:"tls,omitempty"`
	// Backend is the short form: one backend for everything. It excludes rules.
	Backend *Backend `json:"backend,omitempty"`
	// Rules is the long form. Each rule is Gateway API's HTTPRouteRule with
	// backends for backendRefs.
	Rules []Rule `json:"rules,omitempty" validate:"max=64,dive"`
	// LoadBalancing says how an Endpoint of a backend is chosen. Absent means RoundRobin.
	LoadBalancing *LoadBalancing `json:"loadBalancing,omitempty"`
	// HealthCheck says when an Endpoint is taken out for failing, and whether it
	// is asked how it is.
	HealthCheck *HealthCheck `json:"healthCheck,omitempty"`
	// ServiceCluster names the data planes that serve the Route: those that run
	// with --cluster and this name. Absent means those without a name.
	ServiceCluster string `json:"serviceCluster,omitempty" validate:"omitempty,clustername"`
	// InfoHeaders adds to every answer that an Endpoint gave, and to redirects:
	// x-request-id, x-proxy-id, x-server-info, x-upstream-addr and
	// x-upstream-response-time (seconds, with milliseconds, until the answer's
	// head). What is passed through carries none.
	InfoHeaders bool `json:"infoHeaders,omitempty"`
	// Access says who may send requests.
	Access *Access `json:"access,omitempty"`
}

// TLSMode says what the data plane does with a TLS connection.
type TLSMode string

// The TLS modes.
const (
	// TLSTerminate decrypts with the Route's certificates.
	TLSTerminate TLSMode = "Terminate"
	// TLSPassthrough hands the encrypted connection to the Endpoint, chosen by SNI (RFC 6066 §3).
	TLSPassthrough TLSMode = "Passthrough"
	// TLSSidecar decrypts inside the network namespace of the task.
	TLSSidecar TLSMode = "Sidecar"
)

// RouteTLS says how TLS is treated on the Route's hosts.
type RouteTLS struct {
	// Mode is Terminate (decrypt here), Passthrough (hand the encrypted
	// connection on, chosen by SNI) or Sidecar (decrypt beside the task).
	Mode TLSMode `json:"mode" validate:"required,oneof=Terminate Passthrough Sidecar"`
	// SecretRefs are the certificates to serve: pairs of Docker secrets. Several
	// may stand side by side, such as one with an ECDSA and one with an RSA key.
	SecretRefs []SecretRef `json:"secretRefs,omitempty" validate:"max=16,dive"`
	// IssuerRef names the Issuer that makes a certificate for the hosts, instead
	// of secretRefs: one of the Route's namespace, else one without a namespace.
	IssuerRef string `json:"issuerRef,omitempty" validate:"omitempty,dnslabel"`
	// MinVersion is the oldest TLS version that is accepted: "1.2" (the default) or "1.3".
	MinVersion string `json:"minVersion,omitempty" validate:"omitempty,oneof=1.2 1.3"`
	// MaxVersion is the newest TLS version that is accepted: "1.2" or "1.3" (the default).
	MaxVersion string `json:"maxVersion,omitempty" validate:"omitempty,oneof=1.2 1.3"`
	// Policy is modern (TLS 1.3 only) or intermediate (the default: TLS 1.2 and 1.3,
	// with nothing but forward secrecy and authenticated encryption). Where several
	// Routes have a host, versions, cipher suites and curves are what all of them
	// accept; where that is nothing, the newer version and the older Route's lists.
	Policy string `json:"policy,omitempty" validate:"omitempty,oneof=modern intermediate"`
	// CipherSuites are those of TLS 1.2 that are accepted, by their names at IANA, in
	// place of the policy's. Their order does not count. Those of TLS 1.3 are all good.
	CipherSuites []string `json:"cipherSuites,omitempty" validate:"max=10,unique,dive,oneof=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"`
	// Curves are the groups that keys are agreed on with. Absent means all. Their order
	// does not count.
	Curves []string `json:"curves,omitempty" validate:"max=5,unique,dive,oneof=X25519MLKEM768 X25519 P-256 P-384 P-521"`
	// HSTS tells browsers to come by TLS only.
	HSTS *HSTS `json:"hsts,omitempty"`
	// Redirect answers plain HTTP for these hosts with 308 to https. Absent
	// means true; false serves the Route in the clear as well.
	Redirect *bool `json:"redirect,omitempty"`
	// ClientAuth asks clients for certificates.
	ClientAuth *ClientAuth `json:"clientAuth,omitempty"`
}

// The policies of RouteTLS.
const (
	PolicyModern       = "modern"
	PolicyIntermediate = "intermediate"
)

// HSTS adds Strict-Transport-Security (RFC 6797) to every answer of the Route over
// TLS, in place of the backend's. Answers in the clear never carry it.
type HSTS struct {
	// MaxAge is how long browsers are to remember it; a year is 8760h. 0s makes them
	// forget it.
	MaxAge *Duration `json:"maxAge" validate:"required"`
	// IncludeSubdomains has it count for all hosts below as well.
	IncludeSubdomains bool `json:"includeSubdomains,omitempty"`
	// Preload lets browsers be delivered with it (hstspreload.org), which is not easily
	// undone. It needs includeSubdomains and a year.
	Preload bool `json:"preload,omitempty"`
}

// SecretRef names the Docker secrets of one certificate: two by name, or all
// that carry a label, of which the newest that is good serves.
type SecretRef struct {
	// Cert is the secret with the certificate chain in PEM, leaf first.
	Cert string `json:"cert,omitempty" validate:"omitempty,swarmname"`
	// Key is the secret with the private key in PEM.
	Key string `json:"key,omitempty" validate:"omitempty,swarmname"`
	// Certificate stands instead of cert and key. It is the value of the label
	// fairlead.dev/certificate of secrets: each holds a chain with its key, or one
	// of them, and then the other's name is equal but for its ending (.key, and
	// .cert, .crt or .pem). The newest serves; while it cannot, because it does not
	// parse, has ended or is for other hosts, the one before does.
	Certificate string `json:"certificate,omitempty" validate:"omitempty,swarmname"`
}

// ClientAuth asks clients for certificates. Where several Routes have a host, a
// client has to meet what each of them asks for. The backend is told of the
// certificate in the header fields X-Client-Cert-Subject (the name of its holder, RFC
// 2253) and Client-Cert (all of it, RFC 9440), which nobody else can set.
type ClientAuth struct {
	// CASecretRefs are Docker secrets with the authorities' certificates in PEM.
	// Until all of them have come nobody gets in.
	CASecretRefs []string `json:"caSecretRefs" validate:"required,min=1,max=16,dive,swarmname"`
	// CRLSecretRefs are Docker secrets with lists of revoked certificates (RFC 5280
	// §5), in PEM or DER, each signed by one of the authorities. Until all of them
	// have come nobody gets in. One that is past its next update goes on being used.
	CRLSecretRefs []string `json:"crlSecretRefs,omitempty" validate:"max=16,dive,swarmname"`
	// Mode is Require (the default) or VerifyIfGiven: clients may come without a
	// certificate, and one that they show has to be good.
	Mode string `json:"mode,omitempty" validate:"omitempty,oneof=Require VerifyIfGiven"`
}

// The modes of ClientAuth.
const (
	ClientRequire       = "Require"
	ClientVerifyIfGiven = "VerifyIfGiven"
)

// Rule is Gateway API's HTTPRouteRule.
type Rule struct {
	// Name is the user's name for the rule, unique in its Route.
	Name string `json:"name,omitempty" validate:"omitempty,max=253"`
	// Matches are ORed; none means every request.
	Matches []Match `json:"matches,omitempty" validate:"max=64,dive"`
	// Filters change the request or the answer.
	Filters []Filter `json:"filters,omitempty" validate:"max=16,dive"`
	// Backends share the requests by weight. None, without a redirect, answers 500.
	Backends []Backend `json:"backends,omitempty" validate:"max=16,dive"`
	// Timeouts bound a request and its tries (GEP-1742).
	Timeouts *Timeouts `json:"timeouts,omitempty"`
	// Retry sends a request again that failed (GEP-1731).
	Retry *Retry `json:"retry,omitempty"`
	// SessionPersistence keeps a client on one Endpoint (GEP-1619).
	SessionPersistence *SessionPersistence `json:"sessionPersistence,omitempty"`
}

// Match holds the conditions that a request must all meet.
type Match struct {
	// Path is a condition on the path. Absent means the prefix "/".
	Path *PathMatch `json:"path,omitempty"`
	// Headers are conditions on header fields.
	Headers []ValueMatch `json:"headers,omitempty" validate:"max=16,dive"`
	// QueryParams are conditions on query parameters.
	QueryParams []ValueMatch `json:"queryParams,omitempty" validate:"max=16,dive"`
	// Method is the request's method, such as GET.
	Method string `json:"method,omitempty" validate:"omitempty,oneof=GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH"`
}

// MatchType says how a value is compared.
type MatchType string

// The match types.
const (
	// MatchExact compares whole values, with case.
	MatchExact MatchType = "Exact"
	// MatchPathPrefix compares whole path segments: /v2 matches /v2 and /v2/x, not /v2example.
	MatchPathPrefix MatchType = "PathPrefix"
	// MatchRegularExpression matches RE2 against the whole value.
	MatchRegularExpression MatchType = "RegularExpression"
)

// PathMatch is a condition on the path.
type PathMatch struct {
	// Type is Exact, PathPrefix (the default, by whole segments) or
	// RegularExpression (RE2, the whole path).
	Type MatchType `json:"type,omitempty" validate:"omitempty,oneof=Exact PathPrefix RegularExpression"`
	// Value is the path, the prefix or the expression. Absent means "/".
	Value string `json:"value,omitempty" validate:"max=1024"`
}

// ValueMatch is a condition on a header field or a query parameter.
type ValueMatch struct {
	// Type is Exact (the default) or RegularExpression (RE2, the whole value).
	Type MatchType `json:"type,omitempty" validate:"omitempty,oneof=Exact RegularExpression"`
	// Name is the header field's name (case-insensitive) or the query
	// parameter's (case-sensitive).
	Name string `json:"name" validate:"required,max=256"`
	// Value is the value or the expression.
	Value string `json:"value" validate:"max=4096"`
}

// FilterType names the block that a Filter carries.
type FilterType string

// The filter types.
const (
	FilterRequestHeaderModifier  FilterType = "RequestHeaderModifier"
	FilterResponseHeaderModifier FilterType = "ResponseHeaderModifier"
	FilterRequestRedirect        FilterType = "RequestRedirect"
	FilterURLRewrite             FilterType = "URLRewrite"
	FilterRequestMirror          FilterType = "RequestMirror"
	FilterCORS                   FilterType = "CORS"
)

// Filter changes a request or an answer. Type names the one block that is set.
type Filter struct {
	// Type names the block that is set.
	Type FilterType `json:"type" validate:"required,oneof=RequestHeaderModifier ResponseHeaderModifier RequestRedirect URLRewrite RequestMirror CORS"`
	// RequestHeaderModifier changes header fields of the request.
	RequestHeaderModifier *HeaderModifier `json:"requestHeaderModifier,omitempty"`
	// ResponseHeaderModifier changes header fields of the answer.
	ResponseHeaderModifier *HeaderModifier `json:"responseHeaderModifier,omitempty"`
	// RequestRedirect answers with a redirect.
	RequestRedirect *RequestRedirect `json:"requestRedirect,omitempty"`
	// URLRewrite changes the host or the path on the way to the backend.
	URLRewrite *URLRewrite `json:"urlRewrite,omitempty"`
	// RequestMirror sends a copy of the request to another backend.
	RequestMirror *RequestMirror `json:"requestMirror,omitempty"`
	// CORS answers preflight requests with 204 and adds the CORS header fields
	// (GEP-1767) to answers, in place of the backend's. A preflight request is
	// matched as the request that it asks about.
	CORS *CORS `json:"cors,omitempty"`
}

// HeaderModifier changes header fields: set, then add, then remove.
type HeaderModifier struct {
	// Set replaces a field or creates it.
	Set []Header `json:"set,omitempty" validate:"max=16,dive"`
	// Add appends a value to a field.
	Add []Header `json:"add,omitempty" validate:"max=16,dive"`
	// Remove deletes fields by name.
	Remove []string `json:"remove,omitempty" validate:"max=16,dive,headername"`
}

// Header is one header field.
type Header struct {
	// Name is the field's name (RFC 9110 §5.1).
	Name string `json:"name" validate:"required,headername"`
	// Value is the field's value (RFC 9110 §5.5).
	Value string `json:"value" validate:"max=4096,headervalue"`
}

// RequestRedirect answers with a redirect. Unset fields come from the request.
type RequestRedirect struct {
	// Scheme is http or https.
	Scheme string `json:"scheme,omitempty" validate:"omitempty,oneof=http https"`
	// Hostname is the host to go to.
	Hostname string `json:"hostname,omitempty" validate:"omitempty,hostname_rfc1123"`
	// Path changes the path.
	Path *PathModifier `json:"path,omitempty"`
	// Port is the port to go to. Unset: the scheme's own where scheme is set,
	// else the listener's.
	Port int `json:"port,omitempty" validate:"omitempty,min=1,max=65535"`
	// StatusCode is 301, 302 (the default), 303, 307 or 308.
	StatusCode int `json:"statusCode,omitempty" validate:"omitempty,oneof=301 302 303 307 308"`
}

// URLRewrite changes the request on the way to the backend.
type URLRewrite struct {
	// Hostname replaces the Host.
	Hostname string `json:"hostname,omitempty" validate:"omitempty,hostname_rfc1123"`
	// Path changes the path.
	Path *PathModifier `json:"path,omitempty"`
}

// The types of a PathModifier.
const (
	ReplaceFullPath    = "ReplaceFullPath"
	ReplacePrefixMatch = "ReplacePrefixMatch"
)

// PathModifier replaces the whole path or the prefix that matched.
type PathModifier struct {
	// Type is ReplaceFullPath or ReplacePrefixMatch.
	Type string `json:"type" validate:"required,oneof=ReplaceFullPath ReplacePrefixMatch"`
	// ReplaceFullPath is the new path.
	ReplaceFullPath *string `json:"replaceFullPath,omitempty" validate:"omitempty,max=1024"`
	// ReplacePrefixMatch replaces the prefix of a PathPrefix match: /a to /b
	// turns /a/x into /b/x.
	ReplacePrefixMatch *string `json:"replacePrefixMatch,omitempty" validate:"omitempty,max=1024"`
}

// RequestMirror sends a copy of a share of the requests to another backend and
// ignores its answers. The copy is what the rule's own backend gets. A body longer
// than 64 KiB is not copied, nor is what a slow mirror does not answer.
type RequestMirror struct {
	// Backend gets the copies.
	Backend Backend `json:"backend"`
	// Percent is the share of requests, 0 to 100. Absent means 100.
	Percent *int `json:"percent,omitempty" validate:"omitempty,min=0,max=100"`
}

// CORS says which origins may read the answers (GEP-1767).
type CORS struct {
	// AllowOrigins are origins: exact (https://app.example.com), any host below a
	// suffix (https://*.example.com), any host (https://*), or "*" alone for all.
	AllowOrigins []string `json:"allowOrigins" validate:"required,min=1,max=64,dive,origin"`
	// AllowMethods are methods, or "*" alone. GET, HEAD and POST are always allowed.
	AllowMethods []string `json:"allowMethods,omitempty" validate:"max=9,dive,oneof=GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH *"`
	// AllowHeaders are names of header fields of requests, or "*" alone.
	AllowHeaders []string `json:"allowHeaders,omitempty" validate:"max=64,dive,headername"`
	// ExposeHeaders are names of header fields of answers that scripts may read, or
	// "*" alone.
	ExposeHeaders []string `json:"exposeHeaders,omitempty" validate:"max=64,dive,headername"`
	// AllowCredentials lets scripts send cookies along. Where it is false, a request
	// with cookies or Authorization gets none of the header fields.
	AllowCredentials *bool `json:"allowCredentials,omitempty"`
	// MaxAge is how long a preflight answer may be kept, in seconds. Absent means 5.
	MaxAge *int `json:"maxAge,omitempty" validate:"omitempty,min=1"`
}

// BackendProtocol is what is spoken to a backend.
type BackendProtocol string

// The backend protocols.
const (
	// ProtocolHTTP is HTTP/1.1 in the clear; the default.
	ProtocolHTTP BackendProtocol = "http"
	// ProtocolH2C is HTTP/2 with prior knowledge in the clear (RFC 9113 §3.3).
	ProtocolH2C BackendProtocol = "h2c"
	// ProtocolHTTPS is HTTP over TLS, verified: HTTP/2 where the backend
	// negotiates it (ALPN), else HTTP/1.1.
	ProtocolHTTPS BackendProtocol = "https"
)

// Backend says where requests go: a swarm service and a port, or addresses.
type Backend struct {
	// Service is the name of a swarm service.
	Service string `json:"service,omitempty" validate:"omitempty,swarmname"`
	// Port is the port that the service's tasks listen on. It needs not be
	// published, but where the service is on no overlay network: then it has to be
	// in mode=host, and is reached on the nodes of the tasks.
	Port int `json:"port,omitempty" validate:"omitempty,min=1,max=65535"`
	// Addresses are "host:port" of anything else. They exclude service and port.
	Addresses []string `json:"addresses,omitempty" validate:"max=256,dive,hostport"`
	// Weight is this backend's share of the rule's requests, in proportion to
	// the sum. Absent means 1; 0 gets none.
	Weight *int `json:"weight,omitempty" validate:"omitempty,min=0,max=1000000"`
	// Network is the overlay network to reach the service on. Needed only where
	// the service is attached to more than one.
	Network string `json:"network,omitempty" validate:"omitempty,swarmname"`
	// Mode is Task (the default: requests go to the tasks' own addresses) or VIP
	// (to the service's virtual IP, behind which Swarm balances connections).
	Mode string `json:"mode,omitempty" validate:"omitempty,oneof=Task VIP"`
	// Protocol is http (the default), h2c or https.
	Protocol BackendProtocol `json:"protocol,omitempty" validate:"omitempty,oneof=http h2c https"`
	// TLS says how the backend is verified where protocol is https. It may be
	// left out only beside addresses that all have DNS names, see hostname.
	TLS *BackendTLS `json:"tls,omitempty"`
	// Filters change only the requests that go to this backend.
	Filters []Filter `json:"filters,omitempty" validate:"max=16,dive"`
}

// The modes of a Backend.
const (
	BackendTask = "Task"
	BackendVIP  = "VIP"
)

// BackendTLS says how a backend's certificate is verified (GEP-1897).
type BackendTLS struct {
	// Hostname is the name to send as SNI and to verify. It may be left out only
	// beside addresses that all have DNS names: then it is the name in each.
	Hostname string `json:"hostname,omitempty" validate:"omitempty,hostname_rfc1123"`
	// SubjectAltNames are DNS names and URIs, such as spiffe://example.org/api, of
	// which the certificate must hold one. Then hostname is only sent, not verified.
	SubjectAltNames []string `json:"subjectAltNames,omitempty" validate:"max=16,dive,altname"`
	// CASecretRefs are Docker secrets with the authorities' certificates in PEM.
	// Absent means those of the system that Fairlead runs on. Its own image has
	// none: mount a bundle at /etc/ssl/certs/ca-certificates.crt there.
	CASecretRefs []string `json:"caSecretRefs,omitempty" validate:"max=8,dive,swarmname"`
	// InsecureSkipVerify takes whatever certificate the backend has. That keeps
	// nobody out who stands between: it is for backends whose certificates nobody
	// can verify. Hostname is sent as SNI, if it is set.
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
	// ClientSecretRef is the certificate to show to the backend, by cert and key.
	ClientSecretRef *SecretRef `json:"clientSecretRef,omitempty"`
}

// Timeouts bound a request (GEP-1742). "0s" means no bound.
type Timeouts struct {
	// Request bounds the whole, from the request's head to the answer's end,
	// retries included. When it is spent the answer is 504.
	Request *Duration `json:"request,omitempty"`
	// BackendRequest bounds one try; it may not exceed request.
	BackendRequest *Duration `json:"backendRequest,omitempty"`
}

// Retry sends a request again that failed (GEP-1731).
type Retry struct {
	// Codes are the status codes that are retried, 400 to 599.
	Codes []int `json:"codes,omitempty" validate:"max=64,dive,min=400,max=599"`
	// Attempts counts retries, so there are at most 1 + attempts tries. Absent means 1.
	Attempts *int `json:"attempts,omitempty" validate:"omitempty,min=0,max=64"`
	// Backoff is the least pause between two tries. It doubles with each.
	Backoff *Duration `json:"backoff,omitempty"`
}

// SessionPersistence keeps a client on one Endpoint (GEP-1619), by a value that
// Fairlead gives it and that only Fairlead can make and read. A session is that of
// a task's slot: it survives that the task is replaced, and it is the same at every
// data plane. Where its Endpoint is gone or out the client gets another, and another
// session. A backend whose weight becomes 0 keeps the sessions that it has.
type SessionPersistence struct {
	// SessionName is the name of the cookie or of the header field. Absent means
	// fairlead-session. Rules of one host with the same paths need different names.
	SessionName string `json:"sessionName,omitempty" validate:"omitempty,max=128,token"`
	// AbsoluteTimeout ends a session for good. Absent means never.
	AbsoluteTimeout *Duration `json:"absoluteTimeout,omitempty"`
	// IdleTimeout ends a session that was not used for so long. Absent means never.
	IdleTimeout *Duration `json:"idleTimeout,omitempty"`
	// Type is Cookie (the default), or Header: the answer has the value in a header
	// field, which the client has to send with its next requests.
	Type string `json:"type,omitempty" validate:"omitempty,oneof=Cookie Header"`
	// CookieConfig says what kind of cookie it is.
	CookieConfig *CookieConfig `json:"cookieConfig,omitempty"`
}

// The types of SessionPersistence, and of a cookie's lifetime.
const (
	SessionCookie     = "Cookie"
	SessionHeader     = "Header"
	LifetimeSession   = "Session"
	LifetimePermanent = "Permanent"
)

// CookieConfig says what kind of cookie keeps a session.
type CookieConfig struct {
	// LifetimeType is Session (the default: the browser forgets the cookie when it
	// ends) or Permanent (it keeps it for absoluteTimeout, which is required then).
	LifetimeType string `json:"lifetimeType,omitempty" validate:"omitempty,oneof=Permanent Session"`
}

// The ways to choose an Endpoint.
const (
	RoundRobin     = "RoundRobin"
	LeastRequest   = "LeastRequest"
	Random         = "Random"
	ConsistentHash = "ConsistentHash"
)

// LoadBalancing says how an Endpoint is chosen.
type LoadBalancing struct {
	// Type is RoundRobin (the default), LeastRequest, Random or ConsistentHash: the
	// same key goes to the same Endpoint, whichever data plane it comes by.
	Type string `json:"type,omitempty" validate:"omitempty,oneof=RoundRobin LeastRequest Random ConsistentHash"`
	// ConsistentHash says what is hashed. Given alone it means type ConsistentHash.
	ConsistentHash *HashKey `json:"consistentHash,omitempty"`
}

// HashKey says what a consistent hash is taken of: exactly one field is set. A
// request that has no such thing is balanced round robin. Where a rule has several
// backends with weights, their shares are shares of the keys.
type HashKey struct {
	// ClientIP hashes the client's address. With tls.mode Passthrough nothing else
	// can be seen.
	ClientIP bool `json:"clientIP,omitempty"`
	// Header hashes the value of this header field.
	Header string `json:"header,omitempty" validate:"omitempty,headername"`
	// Cookie hashes the value of this cookie.
	Cookie string `json:"cookie,omitempty" validate:"omitempty,max=128,token"`
	// Query hashes the value of this query parameter.
	Query string `json:"query,omitempty" validate:"max=256"`
}

// The types of checks.
const (
	CheckHTTP = "HTTP"
	CheckTCP  = "TCP"
	CheckGRPC = "GRPC"
)

// HealthCheck says when an Endpoint is taken out for failing, and whether it is
// asked how it is. Without a type only what requests find out counts. Where all
// Endpoints are out, requests go to them all the same.
type HealthCheck struct {
	// Type is what an Endpoint is asked with: HTTP (a GET that has to be answered
	// with 200 to 399), TCP (a connection) or GRPC (grpc.health.v1.Health/Check).
	// Absent means that nothing is asked.
	Type string `json:"type,omitempty" validate:"omitempty,oneof=HTTP TCP GRPC"`
	// Path is asked for where type is HTTP. Absent means "/".
	Path string `json:"path,omitempty" validate:"omitempty,startswith=/"`
	// Interval is the time between two checks. Absent means 10s.
	Interval *Duration `json:"interval,omitempty"`
	// Timeout bounds one check. Absent means 2s.
	Timeout *Duration `json:"timeout,omitempty"`
	// MaxFails is how many failures take an Endpoint out: connections that could
	// not be made or broke and answers with 502, 503 or 504 within failTimeout,
	// or checks in a row. Absent means 3; 0 takes it out never.
	MaxFails *int `json:"maxFails,omitempty" validate:"omitempty,min=0,max=1000000"`
	// FailTimeout is the time in which failures count, and for which the
	// Endpoint then stays out. Absent means 10s.
	FailTimeout *Duration `json:"failTimeout,omitempty"`
}

// Access says who may send requests, by the client's address; others get 403, or
// with Passthrough have their connection closed. Behind a proxy that is named by
// --trusted-proxies it is the address of that proxy's client.
type Access struct {
	// Allow are address ranges in CIDR notation (RFC 4632) that may; none means all.
	Allow []string `json:"allow,omitempty" validate:"max=256,dive,cidr"`
	// Deny are address ranges in CIDR notation that may not, also where they are in
	// those that may.
	Deny []string `json:"deny,omitempty" validate:"max=256,dive,cidr"`
}
