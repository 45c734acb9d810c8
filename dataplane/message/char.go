package message

// Class is a set of bytes, and with | a union of sets.
type Class uint8

// The Classes.
const (
	// Token is tchar (RFC 9110 section 5.6.2).
	Token Class = 1 << iota
	// LowerToken is a tchar that is no upper-case letter, as names in HTTP/2 are
	// made of (RFC 9113 section 8.2.1).
	LowerToken
	// Value is what a field's value is made of: visible characters, bytes above
	// ASCII, space and tab (RFC 9110 section 5.5).
	Value
	// Target is what a request's target is made of: visible ASCII (RFC 9112
	// section 3.2).
	Target
	// Authority is a host and port (RFC 3986 section 3.2), without the @ of user
	// information.
	Authority
	// Scheme is a scheme (RFC 3986 section 3.1).
	Scheme
)

var classes = makeClasses()

func makeClasses() (c [256]Class) {
	for i := range c {
		b := byte(i)
		digit, upper := '0' <= b && b <= '9', 'A' <= b && b <= 'Z'
		alnum := digit || upper || 'a' <= b && b <= 'z'
		add := func(is bool, of Class) {
			if is {
				c[i] |= of
			}
		}
		tchar := alnum || contains("!#$%&'*+-.^_`|~", b)
		add(tchar, Token)
		add(tchar && !upper, LowerToken)
		add(b > 0x20 && b != 0x7f || b == ' ' || b == '\t', Value)
		add(b > 0x20 && b < 0x7f, Target)
		add(alnum || contains("-._~!$&'()*+,;=:[]%", b), Authority)
		add(alnum || contains("+-.", b), Scheme)
	}
	return c
}

func contains(s string, b byte) bool {
	for i := range len(s) {
		if s[i] == b {
			return true
		}
	}
	return false
}

// In says whether a byte is of a Class.
func In(b byte, of Class) bool { return classes[b]&of != 0 }

// Only says whether every byte of s is of a Class.
func Only[S ~string | ~[]byte](s S, of Class) bool {
	for i := range len(s) {
		if classes[s[i]]&of == 0 {
			return false
		}
	}
	return true
}

// ParseLength parses a Content-Length: 1*DIGIT (RFC 9110 section 8.6), of at most
// 18 digits. There is no sign, no list, no space.
func ParseLength[S ~string | ~[]byte](s S) (int64, bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(s[i]-'0')
	}
	return n, true
}
