package probe

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func frame(message ...byte) []byte {
	return append([]byte{0, 0, 0, 0, byte(len(message))}, message...)
}

func TestAnswersOfTheHealthProtocol(t *testing.T) {
	for want, body := range map[string][]byte{
		"":                            frame(0x08, 1),
		"the server says UNKNOWN":     frame(),
		"the server says NOT_SERVING": frame(0x08, 2),
		"the server says status 300":  frame(0x08, 0xac, 0x02),
	} {
		got := ""
		if err := healthOf(body); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%x: %q, want %q", body, got, want)
		}
	}
	// Fields that are not known yet, of every wire type, and the last value counts.
	later := frame(0x08, 2, 0x12, 2, 'h', 'i', 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4, 0x08, 1)
	if err := healthOf(later); err != nil {
		t.Error(err)
	}
	for _, body := range [][]byte{nil, {0, 0, 0}, {1, 0, 0, 0, 0}, {0, 0, 0, 0, 3, 8, 1}, frame(0x08), frame(0x08, 0x80), frame(0x12, 9, 1), frame(0x0b), frame(0x19, 1), frame(0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)} {
		if healthOf(body) != errMessage {
			t.Errorf("%x is a HealthCheckResponse", body)
		}
	}
}

func TestNoMessageIsTooStrange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "message")
		_ = healthOf(frame(message...))
		_ = healthOf(message)
	})
}

func TestAHeadIsWaitedFor(t *testing.T) {
	const early, final = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"
	for i := range early + final {
		status, err := finalStatus([]byte((early + final)[:i]))
		if status != 0 || err != nil {
			t.Fatalf("%d after %d bytes, %v", status, i, err)
		}
	}
	if status, err := finalStatus([]byte(early + final + "body")); status != 200 || err != nil {
		t.Error(status, err)
	}
	if _, err := finalStatus([]byte("SSH-2.0-server\r\n\r\n")); err == nil {
		t.Error("that is no HTTP")
	}
	if _, err := finalStatus(bytes.Repeat([]byte("x\n"), 3)); err == nil {
		t.Error("that is no HTTP either")
	}
}
