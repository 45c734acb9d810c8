// Package dataplane serves the traffic that a Snapshot describes.
//
// A Plane is made once and runs until it is told to stop. Publish gives it the
// next Snapshot; between two publishes nothing that it decides by changes, and a
// publish never restarts a listener or ends a connection.
//
// The way of a publish: everything that can fail is done first and on the side
// (live.Build, which compiles the routing.Table); then one atomic store makes it
// current; then the Backends that stay get their new Endpoints, and Endpoints
// that are gone lose their idle connections. The bytes of certificates come in
// the background. A host whose new certificates are not there yet is served with
// those it had.
//
// The way of a connection on the TLS port: listener.Peek reads the ClientHello,
// or the front does, where Endpoints are dialled without a Tender;
// Table.TLS says whether to pass it through, to terminate it, or to answer with
// the alert unrecognized_name. A terminated one is handed to the same
// proxy.Engine that serves plain HTTP, in a goroutine of its own.
//
// The packages below, each of which knows only those before it:
//
//	routing      which Rule serves a request, which Policy a handshake
//	message      a request and an answer, whatever version carries them
//	filter       what Filters make of a request
//	balance      which Backend, which Endpoint
//	health       which Endpoints are passed over
//	session      what keeps a client on one Endpoint
//	certificate  from secrets to tls.Config
//	live         Backends and Endpoints, across publishes
//	wire         bytes, cheaply
//	http1, http2 from bytes to messages, and back
//	probe        asks Endpoints how they are
//	limit        how many connections there may be
//	listener     accept, peek
//	access       the access log
//	metrics      counters
//	passthrough  bytes both ways
//	proxy        the HTTP engine
//
// Beside them stand tender, which is a Dialer and Secrets where the Endpoints
// and secrets are out of this process's reach, and lastgood, which keeps a
// Snapshot for the next start. A Plane knows neither.
package dataplane
