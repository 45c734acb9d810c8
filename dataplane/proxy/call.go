package proxy

import (
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// call is one request at an Endpoint. The body may be written by one goroutine
// while another reads the answer.
type call interface {
	interrupter
	// send sends the request's head. body is the whole body, where the caller has
	// it; else writeBody and endBody follow, where there is one.
	send(r *message.Request, body []byte, whole bool) error
	writeBody(p []byte) error
	endBody(trailers message.Fields) error
	// readHead reads the next head of the answer: any number of interim ones, then
	// the final one.
	readHead(res *message.Response) error
	// next returns the next piece of the answer's body, which is good until the
	// next call; last says that it ends the body, and may come with no bytes.
	next() (p []byte, last bool, err error)
	// waits says whether next would wait for the Endpoint.
	waits() bool
	trailers() message.Fields
	// answered says whether anything of an answer has come.
	answered() bool
	// reused says whether the connection had carried another request before.
	reused() bool
	// address is the Endpoint's, as the connection has it: "ip:port".
	address() string
	// close ends the call at a time. The connection is used again where that is
	// possible and keep is true.
	close(keep bool, now time.Time)
}
