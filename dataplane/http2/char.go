package http2

import "fairlead.dev/fairlead/dataplane/message"

// validValue says whether s is a field's value (RFC 9113 section 8.2.1).
func validValue(s string) bool {
	return s == "" || !space(s[0]) && !space(s[len(s)-1]) && message.Only(s, message.Value)
}

func space(b byte) bool { return b == ' ' || b == '\t' }
