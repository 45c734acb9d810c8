// Package server runs the servers that are compared, and the origin behind
// them.
//
// A peer is a folder with these files, which hack/bench/peers has examples of:
//
//	run         starts the server in the foreground; SIGTERM ends it
//	version     prints a line for the report (optional)
//	change HOST makes the running server serve one more host (for S7)
//	traits      a line each (optional; # begins a comment):
//	              skip ID               takes no part in a scenario, such as S4
//	              passthrough-on-https  passes through on BENCH_HTTPS
//
// All get their world by environment variables:
//
//	BENCH_DIR          a folder of this instance's own, removed afterwards
//	BENCH_BIN          where make puts what it builds
//	BENCH_HTTP         host:port to serve plain HTTP on
//	BENCH_HTTPS        host:port to terminate TLS on, HTTP/1.1 and HTTP/2
//	BENCH_PASSTHROUGH  host:port to pass TLS through on
//	BENCH_ADMIN        host:port for an admin interface
//	BENCH_ORIGIN       the origin's host:port for plain HTTP
//	BENCH_ORIGIN_TLS   the origin's host:port for TLS
//	BENCH_HOSTS        a file with the hosts to serve by plain HTTP, one a line
//	BENCH_CERTS        a folder: ecdsa.crt and .key for localhost, rsa.crt and
//	                   .key for rsa.bench
//	BENCH_PID          the server's process ID (only for change)
//
// Of a server is asked that it
//
//   - proxies the hosts in BENCH_HOSTS on BENCH_HTTP, and localhost and
//     rsa.bench on BENCH_HTTPS, to BENCH_ORIGIN; any other host is not answered
//     with 200;
//   - passes connections for pass.bench to BENCH_ORIGIN_TLS;
//   - keeps Host, sets X-Forwarded-For and X-Forwarded-Proto, keeps connections
//     to the origin alive, and writes no access log;
//   - closes no client connection after a number of requests.
//
// The origin is such a folder too, with BENCH_HTTP, BENCH_HTTPS and BENCH_FILES.
package server
