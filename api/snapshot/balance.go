package snapshot

import "time"

// HashKey is what a consistent hash is taken of. Exactly one field is set.
type HashKey struct {
	// ClientIP: the client's address.
	ClientIP bool `json:"clientIP,omitempty"`
	// Header, Cookie and Query are names: of a header field in canonical form, of a
	// cookie, of a query parameter.
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	Query  string `json:"query,omitempty"`
}

// CheckType says what an Endpoint is asked.
type CheckType string

// The types of checks. The zero value asks nothing.
const (
	CheckHTTP CheckType = "HTTP"
	CheckTCP  CheckType = "TCP"
	CheckGRPC CheckType = "GRPC"
)

// HealthCheck says when an Endpoint is passed over.
type HealthCheck struct {
	// MaxFails failures of requests within FailTimeout take it out for FailTimeout,
	// and MaxFails checks in a row that fail until one does not; 0 never.
	MaxFails    int           `json:"maxFails"`
	FailTimeout time.Duration `json:"failTimeout"`

	Type CheckType `json:"type,omitempty"`
	// Path is asked for by HTTP.
	Path string `json:"path,omitempty"`
	// Interval is the time between two checks, Timeout bounds one.
	Interval time.Duration `json:"interval,omitempty"`
	Timeout  time.Duration `json:"timeout,omitempty"`
}

// Session is how a client is kept on one Endpoint.
type Session struct {
	// Name is that of the cookie, or with Header of the header field.
	Name   string `json:"name"`
	Header bool   `json:"header,omitempty"`
	// Absolute ends a session for good, Idle one that was not used; 0 is never.
	Absolute time.Duration `json:"absolute,omitempty"`
	Idle     time.Duration `json:"idle,omitempty"`
	// Permanent: the cookie outlives the browser, for Absolute.
	Permanent bool `json:"permanent,omitempty"`
}
