// Package snapshot is what the data plane serves: everything resolved, sorted
// and complete, with no word about how it came to be. The control side makes a
// Snapshot, the data plane compiles it; neither knows the other.
//
// A Snapshot is immutable: whoever holds one may read it for ever, nobody edits
// it. Equal content has an equal Version, so an unchanged world publishes
// nothing.
//
// A Snapshot never holds the bytes of a secret. It names secrets by ID, and the
// data plane asks the Tender that holds them. So a Snapshot can be printed,
// stored and sent.
package snapshot

import "time"

// Snapshot is all that a data plane serves.
type Snapshot struct {
	// Version is the hash of everything below. Seal sets it.
	Version string `json:"version"`
	// Routes are sorted by precedence between Routes: oldest first, then by
	// namespace and name. A tie between two matches goes to the earlier Route.
	Routes []*Route `json:"routes,omitempty"`
	// Backends are sorted by ID, and named by it in the Rules.
	Backends []Backend `json:"backends,omitempty"`
	// Certificates are sorted by ID, and named by it in the Routes.
	Certificates []Certificate `json:"certificates,omitempty"`
	// SessionKeys are the IDs of the secrets that sessions are sealed with, where a
	// Rule has a Session. The first makes new ones, the others open old ones.
	SessionKeys []string `json:"sessionKeys,omitempty"`
	// Challenges are answered to authorities that make certificates, on every data
	// plane: nobody knows which one they ask. They are sorted by Host and Token.
	Challenges []Challenge `json:"challenges,omitempty"`
}

// ChallengeType says how a challenge is answered.
type ChallengeType string

// The challenges that a data plane answers.
const (
	// HTTP01 is answered on the plain port (RFC 8555 section 8.3).
	HTTP01 ChallengeType = "http-01"
	// TLSALPN01 is answered in a handshake (RFC 8737).
	TLSALPN01 ChallengeType = "tls-alpn-01"
)

// Challenge is what an authority looks for. Nothing of it is secret.
type Challenge struct {
	Type ChallengeType `json:"type"`
	// Host is the name that is asked for, in lower case.
	Host string `json:"host"`
	// Token and KeyAuthorization are those of RFC 8555 section 8.1.
	Token            string `json:"token"`
	KeyAuthorization string `json:"keyAuthorization"`
}

// TLSMode says what the data plane does with TLS on a Route's hosts.
type TLSMode string

// The TLS modes. The zero value is plain HTTP.
const (
	TLSNone        TLSMode = ""
	TLSTerminate   TLSMode = "Terminate"
	TLSPassthrough TLSMode = "Passthrough"
)

// Route is what is served of one Route: only the Rules that are valid.
type Route struct {
	// Key is "namespace/name" or "name", as logs and metrics name it.
	Key        string `json:"key"`
	Generation int64  `json:"generation"`
	// Hosts are in lower case, without a trailing dot: exact, "*.suffix" or "*".
	Hosts []string `json:"hosts"`

	TLS TLSMode `json:"tls,omitempty"`
	// Certificates are IDs, for TLSTerminate. All that fit the client may be served.
	Certificates []string `json:"certificates,omitempty"`
	// Earlier are IDs of Certificates that serve while none of Certificates can,
	// the first that can.
	Earlier []string `json:"earlier,omitempty"`
	// MinVersion is "1.2" or "1.3"; empty means "1.2".
	MinVersion string `json:"minVersion,omitempty"`
	// Accepts narrows what is accepted of TLS; nil does not.
	Accepts *Accepts `json:"accepts,omitempty"`
	// HSTS is the value of Strict-Transport-Security in answers over TLS; "" is none.
	HSTS string `json:"hsts,omitempty"`
	// ClientAuth asks clients for certificates; nil does not.
	ClientAuth *ClientAuth `json:"clientAuth,omitempty"`
	// InClear: a TLSTerminate Route is served over plain HTTP too, instead of
	// answering 308 there.
	InClear bool `json:"inClear,omitempty"`
	// InfoHeaders: answers say where they come from.
	InfoHeaders bool `json:"infoHeaders,omitempty"`
	// FromLabels: the Route was made of a service's com.docker.lb.* labels. Where
	// all Routes were, an unknown host is answered as Interlock did, with 503.
	FromLabels bool `json:"fromLabels,omitempty"`
	// Access says who may come; nil is everyone.
	Access *Access `json:"access,omitempty"`

	// LoadBalancing is "" (round robin), RoundRobin, LeastRequest, Random or
	// ConsistentHash.
	LoadBalancing string `json:"loadBalancing,omitempty"`
	// Hash is what a ConsistentHash is taken of; nil with every other LoadBalancing.
	Hash *HashKey `json:"hash,omitempty"`
	// Rules are in the order in which the user wrote them. A TLSPassthrough
	// Route has exactly one, of which only Backends count.
	Rules []Rule `json:"rules"`

	// Digest is what Sum returns, where who made the Route knows it: Seal then
	// need not look at the Route again. It is zero in a Route that is edited.
	Digest Digest `json:"-"`
}

// Digest is the first half of a SHA-256.
type Digest [16]byte

// Access lists address ranges in CIDR notation (RFC 4632). Who is in Deny may not
// come, nor who is not in Allow, if there is any.
type Access struct {
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
}

// Accepts says what is accepted of TLS, beside MinVersion. What is empty is not
// narrowed.
type Accepts struct {
	// MaxVersion is "1.2" or "1.3".
	MaxVersion string `json:"maxVersion,omitempty"`
	// CipherSuites are names of those of TLS 1.2, as crypto/tls has them, sorted; empty
	// means those with forward secrecy and authenticated encryption.
	CipherSuites []string `json:"cipherSuites,omitempty"`
	// Curves are X25519MLKEM768, X25519, P-256, P-384 or P-521, sorted.
	Curves []string `json:"curves,omitempty"`
}

// ClientAuth says whose certificates clients may show.
type ClientAuth struct {
	// Required: who shows none may not come.
	Required bool `json:"required,omitempty"`
	// Authorities are the IDs of Certificates of authorities, and Revocations those of
	// revocation lists, sorted. "" stands for one that does not resolve: nobody comes.
	Authorities []string `json:"authorities"`
	Revocations []string `json:"revocations,omitempty"`
}

// Rule is one Rule of a Route.
type Rule struct {
	// Name is the user's name for the Rule, or its index in the Route, as logs name it.
	Name string `json:"name"`
	// Matches are ORed and never empty: no condition is the prefix "/".
	Matches []Match `json:"matches"`
	// Filters apply in their order.
	Filters []Filter `json:"filters,omitempty"`
	// Mirrors get copies of the requests that go to a Backend.
	Mirrors []Mirror `json:"mirrors,omitempty"`
	// Backends share by weight. Where the weights' sum is 0, and no Filter
	// redirects, the answer is 500.
	Backends []BackendRef `json:"backends,omitempty"`
	// Request bounds a request, retries included; 0 means no bound.
	Request time.Duration `json:"request,omitempty"`
	// BackendRequest bounds one try; 0 means no bound.
	BackendRequest time.Duration `json:"backendRequest,omitempty"`
	Retry          *Retry        `json:"retry,omitempty"`
	// Session keeps a client on one Endpoint; nil does not.
	Session *Session `json:"session,omitempty"`
}

// MatchType says how a value is compared.
type MatchType string

// The match types.
const (
	Exact             MatchType = "Exact"
	PathPrefix        MatchType = "PathPrefix"
	RegularExpression MatchType = "RegularExpression"
)

// Match holds the conditions that a request must all meet.
type Match struct {
	Path PathMatch `json:"path"`
	// Method is "" for any.
	Method  string       `json:"method,omitempty"`
	Headers []ValueMatch `json:"headers,omitempty"`
	Query   []ValueMatch `json:"query,omitempty"`
}

// PathMatch is a condition on the path. A PathPrefix has no trailing slash,
// but for "/" itself. A RegularExpression is RE2 and compiles.
type PathMatch struct {
	Type  MatchType `json:"type"`
	Value string    `json:"value"`
}

// ValueMatch is a condition on a header field or query parameter. A header
// field's Name is in canonical form (RFC 9110 names are case-insensitive).
type ValueMatch struct {
	Type  MatchType `json:"type"`
	Name  string    `json:"name"`
	Value string    `json:"value"`
}

// Filter is exactly one of its fields.
type Filter struct {
	RequestHeaders  *HeaderModifier `json:"requestHeaders,omitempty"`
	ResponseHeaders *HeaderModifier `json:"responseHeaders,omitempty"`
	Redirect        *Redirect       `json:"redirect,omitempty"`
	Rewrite         *Rewrite        `json:"rewrite,omitempty"`
	CORS            *CORS           `json:"cors,omitempty"`
}

// CORS answers preflight requests, and says in answers which origins may read
// them. Each list may be ["*"].
type CORS struct {
	// Origins are in lower case, without ports that are the scheme's own:
	// "https://a.example", "https://*.example", or "https://*".
	Origins     []string `json:"origins"`
	Methods     []string `json:"methods,omitempty"`
	Headers     []string `json:"headers,omitempty"`
	Expose      []string `json:"expose,omitempty"`
	Credentials bool     `json:"credentials,omitempty"`
	// MaxAge is in seconds.
	MaxAge int `json:"maxAge"`
}

// HeaderModifier changes header fields: Set, then Add, then Remove. Names are
// in canonical form.
type HeaderModifier struct {
	Set    []Header `json:"set,omitempty"`
	Add    []Header `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Header is one header field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Redirect answers with a redirect. Unset fields come from the request.
type Redirect struct {
	Scheme   string        `json:"scheme,omitempty"`
	Hostname string        `json:"hostname,omitempty"`
	Path     *PathModifier `json:"path,omitempty"`
	// Port 0: the scheme's own where Scheme is set, else the listener's.
	Port int `json:"port,omitempty"`
	// StatusCode is 301, 302, 303, 307 or 308, never 0.
	StatusCode int `json:"statusCode"`
}

// Rewrite changes the request on the way to the Endpoint.
type Rewrite struct {
	Hostname string        `json:"hostname,omitempty"`
	Path     *PathModifier `json:"path,omitempty"`
}

// PathModifier replaces the whole path, or with Prefix only what the PathPrefix
// of the Match covered.
type PathModifier struct {
	Prefix bool   `json:"prefix,omitempty"`
	Value  string `json:"value"`
}

// Retry sends a request again that failed.
type Retry struct {
	// Attempts counts retries: at most 1 + Attempts tries.
	Attempts int `json:"attempts"`
	// Codes are the status codes that are retried, ascending.
	Codes []int `json:"codes,omitempty"`
	// Backoff is the least pause before a retry. It doubles with each.
	Backoff time.Duration `json:"backoff,omitempty"`
}

// BackendRef is a Backend's share of a Rule.
type BackendRef struct {
	// Backend is a Backend's ID, or "" for a reference that does not resolve:
	// its share is answered with 500.
	Backend string   `json:"backend"`
	Weight  int      `json:"weight"`
	Filters []Filter `json:"filters,omitempty"`
	Mirrors []Mirror `json:"mirrors,omitempty"`
}

// Mirror is a Backend that gets copies of a share of the requests, whose answers
// are ignored.
type Mirror struct {
	// Backend is a Backend's ID, or "" for a reference that does not resolve.
	Backend string `json:"backend"`
	// Percent is the share, 0 to 100.
	Percent int `json:"percent"`
}

// Protocol is what is spoken to an Endpoint.
type Protocol string

// The protocols. The zero value is HTTP/1.1 in the clear.
const (
	HTTP Protocol = ""
	H2C  Protocol = "h2c"
	// HTTPS is HTTP/2 or HTTP/1.1 over TLS, as the Endpoint chooses by ALPN.
	HTTPS Protocol = "https"
)

// Backend is a resolved Backend: the Endpoints that may get requests now.
type Backend struct {
	// ID is stable as long as the same thing is meant, whatever its Endpoints.
	ID string `json:"id"`
	// Name is what the user wrote, as logs name it: "service:port".
	Name     string   `json:"name"`
	Protocol Protocol `json:"protocol,omitempty"`
	// TLS is set where Protocol is HTTPS, and nowhere else. Another TLS makes
	// another ID.
	TLS *BackendTLS `json:"tls,omitempty"`
	// Network is the ID of the overlay network that the Endpoints stand on. ""
	// means that they are reached from the host's own network. An Endpoint may
	// stand elsewhere.
	Network string `json:"network,omitempty"`
	// Check says when Endpoints are passed over; nil: when they fail to connect. It
	// is part of what is meant, so of the ID.
	Check *HealthCheck `json:"check,omitempty"`
	// Endpoints are sorted by ID.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// BackendTLS says how the certificate of an Endpoint is verified, and what the
// Endpoint is shown.
type BackendTLS struct {
	// Hostname is sent as SNI and verified; "" means the host of the Endpoint's
	// address.
	Hostname string `json:"hostname,omitempty"`
	// AltNames are DNS names, and URIs, which have "://". Where there are any, the
	// certificate has to hold one of them, and the host is only sent.
	AltNames []string `json:"altNames,omitempty"`
	// Authorities are the IDs of Certificates without a key, by one of which the
	// certificate has to be signed.
	Authorities []string `json:"authorities,omitempty"`
	// Unverified: any certificate will do, and there are no Authorities.
	Unverified bool `json:"unverified,omitempty"`
	// Certificate is the ID of the Certificate that the Endpoint is shown; "" is
	// none.
	Certificate string `json:"certificate,omitempty"`
}

// Endpoint is one address that serves a Backend.
type Endpoint struct {
	// ID is the task's ID, or the address where there is no task. One ID never
	// stands for two addresses within a Backend.
	ID string `json:"id"`
	// Address is "host:port"; on Swarm the host is an IP address.
	Address string `json:"address"`
	// Network is that of the Endpoint where it is not its Backend's, else "": the
	// service moves to another network, and this task is one of before.
	Network string `json:"network,omitempty"`
	// Slot is what outlasts the task: its successor has the same. "" where there is
	// none; then the ID stands in. While a task is being replaced two Endpoints may
	// have one Slot.
	Slot string `json:"slot,omitempty"`
	// Created is when the task was made, in microseconds of Unix time; 0 where there
	// is no Slot. It tells which of two in one Slot is the successor.
	Created int64 `json:"created,omitempty"`
}

// SystemAuthorities is the ID of the Certificate that stands for the authorities
// of the system that a data plane runs on.
const SystemAuthorities = "system"

// Certificate names the two secrets that hold a certificate. One without
// KeySecret is of authorities: the secret holds what others' certificates are
// verified with. One with Signers is a revocation list. One without any secret is
// SystemAuthorities.
type Certificate struct {
	// ID is made of the secrets' IDs, so other bytes are another Certificate.
	ID string `json:"id"`
	// Name is what the user wrote: the name of the secret with the chain.
	Name string `json:"name"`
	// CertSecret and KeySecret are the IDs of the secrets.
	CertSecret string `json:"certSecret,omitempty"`
	KeySecret  string `json:"keySecret,omitempty"`
	// Signers are the IDs of the secrets with the authorities that may have signed the
	// revocation list in CertSecret, sorted.
	Signers []string `json:"signers,omitempty"`
}
