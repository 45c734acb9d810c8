package proxy

import (
	"strings"

	"fairlead.dev/fairlead/dataplane/message"
)

// hopByHop says whether a field is between two neighbours: those of RFC 9110
// section 7.6.1, and some that are not in it and still are. Trailer is not, as
// trailers are passed on.
func hopByHop(name string) bool {
	switch len(name) {
	case 2:
		return message.EqualFold(name, "TE")
	case 7:
		return message.EqualFold(name, "Upgrade")
	case 10:
		return message.EqualFold(name, "Connection") || message.EqualFold(name, "Keep-Alive")
	case 14:
		return message.EqualFold(name, "HTTP2-Settings")
	case 16:
		return message.EqualFold(name, "Proxy-Connection")
	case 17:
		return message.EqualFold(name, "Transfer-Encoding")
	case 18:
		return message.EqualFold(name, "Proxy-Authenticate")
	case 19:
		return message.EqualFold(name, "Proxy-Authorization")
	}
	return false
}

// removeNamed removes the fields that Connection names, but for those that are not
// the client's.
func removeNamed(f *message.Fields, in message.Fields) {
	for i := range in {
		if !in[i].Is("Connection") {
			continue
		}
		for name := range strings.SplitSeq(in[i].Value, ",") {
			switch name = message.Trim(name); {
			case name == "", message.EqualFold(name, "close"), message.EqualFold(name, "keep-alive"), message.EqualFold(name, "upgrade"), isOfCertificate(name):
			default:
				f.Del(name)
			}
		}
	}
}
