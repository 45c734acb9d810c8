package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"fairlead.dev/fairlead/dataplane/http2"
	"fairlead.dev/fairlead/dataplane/message"
)

// askGRPC calls grpc.health.v1.Health/Check for the server as a whole, over HTTP/2
// with prior knowledge where it is in the clear, and wants SERVING.
func askGRPC(c line) error {
	body := []byte{0, 0, 0, 0, 0} // not compressed, and an empty message
	r := &message.Request{
		Method: http.MethodPost, Host: c.host, Path: "/grpc.health.v1.Health/Check", Length: int64(len(body)),
		Fields: message.Fields{{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"}, {Name: "user-agent", Value: agent}},
	}
	return openHTTP2(c, r, body, readHealth)
}

// longestMessage bounds the answer, which has two bytes and may have more some day.
const longestMessage = 1 << 10

// readHealth reads the answer. One that has nothing to say but an error has its
// trailers in the head.
func readHealth(s *http2.ClientStream, head *message.Response) error {
	if head.Status != http.StatusOK || !strings.HasPrefix(head.Fields.Get("content-type"), "application/grpc") {
		return fmt.Errorf("answered %d, which is not gRPC", head.Status)
	}
	if head.Fields.Has("grpc-status") {
		return grpcError(head.Fields)
	}
	body, err := io.ReadAll(io.LimitReader(s, longestMessage))
	if err != nil {
		return err
	}
	if err := grpcError(s.Trailers()); err != nil {
		return err
	}
	return healthOf(body)
}

// grpcError is nil where the status is OK.
func grpcError(f message.Fields) error {
	status := f.Get("grpc-status")
	if status == "0" {
		return nil
	}
	return fmt.Errorf("gRPC status %q: %s", status, f.Get("grpc-message"))
}

// servingStatuses are the values of grpc.health.v1.HealthCheckResponse.ServingStatus.
var servingStatuses = [...]string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}

var errMessage = errors.New("the answer is no HealthCheckResponse")

// healthOf says why a message does not say SERVING.
func healthOf(body []byte) error {
	if len(body) < 5 || body[0] != 0 || int(binary.BigEndian.Uint32(body[1:5])) != len(body)-5 {
		return errMessage
	}
	status, err := firstVarint(body[5:])
	switch {
	case err != nil:
		return err
	case status == 1:
		return nil
	case status < uint64(len(servingStatuses)):
		return errors.New("the server says " + servingStatuses[status])
	}
	return fmt.Errorf("the server says status %d", status)
}

// firstVarint returns field 1 of a message of Protocol Buffers, which is a varint and
// 0 where it is left out. Other fields are passed over.
func firstVarint(b []byte) (value uint64, err error) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, errMessage
		}
		b = b[n:]
		v, size := fieldSize(b, tag&7)
		if size < 0 || size > len(b) {
			return 0, errMessage
		}
		if tag == 1<<3 {
			value = v
		}
		b = b[size:]
	}
	return value, nil
}

// fieldSize returns how long a field of a wire type is, -1 if that cannot be, and its
// value where it is a varint.
func fieldSize(b []byte, wireType uint64) (value uint64, size int) {
	switch wireType {
	case 0:
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, -1
		}
		return v, n
	case 1:
		return 0, 8
	case 2:
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return 0, -1
		}
		return 0, n + int(length)
	case 5:
		return 0, 4
	}
	return 0, -1
}
