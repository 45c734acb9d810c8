package snapshot

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
