package http2

// classes of bytes, as bits.
const (
	isToken  = 1 << iota // tchar (RFC 9110 section 5.6.2)
	isName               // a tchar that is no upper-case letter (RFC 9113 section 8.2.1)
	isValue              // a byte of a field's value: visible, obs-text, space, tab (RFC 9110 5.5)
	isTarget             // a byte of :path: visible ASCII
	isHost               // a byte of a host and port (RFC 3986 section 3.2), without userinfo's @
	isScheme             // a byte of a scheme (RFC 3986 section 3.1)
)

var class = makeClasses()

func makeClasses() (c [256]uint8) {
	for b := range 256 {
		digit, upper := b >= '0' && b <= '9', b >= 'A' && b <= 'Z'
		alnum := digit || upper || b >= 'a' && b <= 'z'
		if alnum || contains("!#$%&'*+-.^_`|~", b) {
			c[b] |= isToken
			if !upper {
				c[b] |= isName
			}
		}
		if b >= 0x21 && b != 0x7f || b == ' ' || b == '\t' {
			c[b] |= isValue
		}
		if b >= 0x21 && b <= 0x7e {
			c[b] |= isTarget
		}
		if alnum || contains("-._~!$&'()*+,;=:[]%", b) {
			c[b] |= isHost
		}
		if alnum || contains("+-.", b) {
			c[b] |= isScheme
		}
	}
	return c
}

func contains(s string, b int) bool {
	for i := range len(s) {
		if int(s[i]) == b {
			return true
		}
	}
	return false
}

// all says whether every byte of s is of a class.
func all(s string, of uint8) bool {
	for i := range len(s) {
		if class[s[i]]&of == 0 {
			return false
		}
	}
	return true
}

// validValue says whether s is a field's value (RFC 9113 section 8.2.1).
func validValue(s string) bool {
	return s == "" || !space(s[0]) && !space(s[len(s)-1]) && all(s, isValue)
}

func space(b byte) bool { return b == ' ' || b == '\t' }

// parseLength parses 1*DIGIT of at most 18 digits: no sign, no list, no spaces.
func parseLength(s string) (int64, bool) {
	if s == "" || len(s) > 18 {
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
