package http2

import (
	"io"
	"testing"

	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/hack/h2spec"
)

func TestH2Spec(t *testing.T) {
	l := listen(t, &Config{Handler: func(s *Stream) {
		if _, err := io.Copy(io.Discard, s); err != nil {
			return
		}
		_ = s.WriteHead(200, message.Fields{{Name: "Content-Type", Value: "text/plain"}}, false)
		_, _ = s.WriteLast([]byte("hello"))
	}})
	h2spec.Run(t, l.Addr().String())
}
