// Command demo is the application that Fairlead is shown and tested with. It
// behaves as the demo application of the Interlock documents does, so that what
// is written there can be done here, and it answers a few more paths that tests
// of a proxy need.
//
// Of the documents' application:
//
//   - /ping: one line of JSON with instance, version, metadata and request_id,
//     a session cookie, and the end of the connection.
//   - /info: host name, time running, count of requests.
//   - any other path: a page that polls /ping and shows who answered.
//
// For tests (probe.go):
//
//   - /stream: server-sent events, one each interval, until the client goes.
//   - /ws: a WebSocket that sends back what it gets.
//   - /echo: sends the body back as it arrives.
//   - /slow?d=500ms: answers after d.
//   - /status/CODE: answers CODE.
//   - /headers: the request as JSON.
//   - /trailers: the body, then trailers, as gRPC does.
//
// It speaks HTTP/1.1 and HTTP/2, in the clear (h2c) or, with a certificate and
// a key, in TLS. SIGTERM and SIGINT let requests in flight finish for up to
// --grace. With --check URL it asks instead of serving and exits with 1 unless
// the answer is 200: a HEALTHCHECK for an image that holds nothing else.
package main
