package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"time"

	"fairlead.dev/fairlead/hack/bench/load"
	"fairlead.dev/fairlead/hack/bench/result"
	"fairlead.dev/fairlead/hack/bench/server"
)

// scenario is some rows that are measured together.
type scenario struct {
	// group is the ID that is asked for and skipped by: "S4".
	group string
	rows  []result.Row
	// measurements is how many times measure loads a server for the length of a
	// measurement.
	measurements int
	// many says that the servers with many hosts are needed, once that there is
	// one round only.
	many, once bool
	// targets are what is verified before and after.
	targets func(s *suite, c *contestant) []load.Target
	// measure returns a value for each row.
	measure func(ctx context.Context, s *suite, c *contestant) ([]float64, error)
}

func (sc *scenario) name() string {
	if len(sc.rows) == 1 {
		return sc.rows[0].ID
	}
	return sc.group
}

// passed is the host that is passed through.
const passed = "pass.bench"

// noTarget is the target of rows that have none.
var noTarget = math.NaN()

// Connections, streams and the rate of the scenarios.
const (
	connections = 64
	h2clients   = 8
	h2streams   = 32
	workers     = 8
	fixedRate   = 3000
	idleConns   = 10_000
	idleInS7    = 100
)

// allScenarios are the scenarios in their order. Targets are ratios to the
// baseline, in absolute rows values.
func allScenarios(hosts int) []scenario {
	many := fmt.Sprintf("%d hosts", hosts)
	return []scenario{
		{group: "memory", once: true, targets: plainOne, measure: memoryAtRest, rows: []result.Row{
			absolute("rest PSS", "memory after the start", "MiB", noTarget), absolute("rest RSS", "the same, shared pages in each process", "MiB", noTarget),
		}},
		single("S1", rowOf("S1", "HTTP/1.1, short answer", "µs", 1), plainOne, wrk),
		single("S2", rowOf("S2", "the same through TLS 1.3, ECDSA", "µs", 0.85), secureOne, wrk),
		single("S3", rowOf("S3 ECDSA", "a new handshake per request", "µs", 0.9), secureOne, handshakes),
		single("S3", rowOf("S3 RSA", "the same, RSA-2048", "µs", 1.7), rsaOne, handshakes),
		single("S4", rowOf("S4 bytes", "passthrough, 100 MiB", "s/GiB", 0.42), passedHundred, downloads(1)),
		single("S4", rowOf("S4 conns", "passthrough, a connection", "µs", 1.25), passedOne, handshakes),
		single("S5", rowOf("S5", "HTTP/2 through TLS 1.3", "µs", 0.8), secureOne, h2load),
		single("S6", rowOf("S6 1 MiB", "body through TLS", "s/GiB", 0.85), secureMebi, wrkBytes),
		single("S6", rowOf("S6 100 MiB", "body through TLS", "s/GiB", 0.65), secureHundred, downloads(1)),
		{group: "S7", many: true, once: true, targets: plainMany, measure: memoryOfMany, rows: []result.Row{
			absolute("S7 PSS", "memory with "+many, "MiB", noTarget), absolute("S7 RSS", "the same, shared pages in each process", "MiB", 40),
		}},
		{group: "S7", many: true, measurements: 2, targets: plainMany, measure: costOfMany, rows: []result.Row{
			rowOf("S7 request", "random ones of "+many, "µs", noTarget), absolute("S7 cost", "that against one host", "×", 1.05),
		}},
		{group: "S7", many: true, targets: plainMany, measure: changeOfMany, rows: []result.Row{
			absolute("S7 change", "until a new host answers", "ms", 20), absolute("S7 cut", fmt.Sprintf("of %d idle connections cut by it", idleInS7), "", 0),
		}},
		{group: "S8", measurements: 1, targets: plainOne, measure: fixed, rows: []result.Row{
			rowOf("S8 CPU", "3,000 requests/s, open loop", "µs", 1.05), rowOf("S8 p50", "its latency", "µs", noTarget),
			rowOf("S8 p99", "its latency", "µs", 1.1), absolute("S8 late", "p99 of the generator's own delay, in it", "µs", noTarget),
		}},
		{group: "idle", once: true, targets: secureOne, measure: idle, rows: []result.Row{
			absolute("idle", fmt.Sprintf("memory of each of %d idle TLS connections", idleConns), "KiB", 20),
		}},
	}
}

// single is a scenario of one row, whose load is put on its one target.
func single(group string, row result.Row, targets func(*suite, *contestant) []load.Target, generate generator) scenario {
	units, scale := requests, time.Microsecond
	if row.Unit == "s/GiB" {
		units, scale = gibibytes, time.Second
	}
	return scenario{group: group, rows: []result.Row{row}, measurements: 1, targets: targets,
		measure: func(ctx context.Context, s *suite, c *contestant) ([]float64, error) {
			d, err := cost(ctx, c.one, units, func() (load.Count, error) { return generate(ctx, s, targets(s, c)[0]) })
			return []float64{float64(d) / float64(scale)}, err
		}}
}

// plain is the short answer by plain HTTP.
func (s *suite) plain(i *server.Instance) load.Target {
	return load.Target{Addr: i.HTTP, Host: s.hosts[0], Path: load.Small, Size: int64(len(load.SmallBody)), Sum: sha256.Sum256([]byte(load.SmallBody))}
}

// secure is an answer through TLS.
func (s *suite) secure(i *server.Instance, host, path string) load.Target {
	t := s.plain(i)
	t.Addr, t.Host, t.Leaf, t.Path = i.HTTPS, host, s.world.Leaves[host], path
	if size, ok := s.world.Sizes[path]; ok {
		t.Size, t.Sum = size, s.world.Sums[path]
	}
	if host == passed {
		t.Addr = i.Passthrough
	}
	return t
}

func plainOne(s *suite, c *contestant) []load.Target { return []load.Target{s.plain(c.one)} }

func plainMany(s *suite, c *contestant) []load.Target {
	first, last := s.plain(c.many), s.plain(c.many)
	last.Host = s.hosts[len(s.hosts)-1]
	return []load.Target{first, last, s.plain(c.one)}
}

func secureOne(s *suite, c *contestant) []load.Target {
	return []load.Target{s.secure(c.one, "localhost", load.Small)}
}

func rsaOne(s *suite, c *contestant) []load.Target {
	return []load.Target{s.secure(c.one, "rsa.bench", load.Small)}
}

func passedOne(s *suite, c *contestant) []load.Target {
	return []load.Target{s.secure(c.one, passed, load.Small)}
}

func passedHundred(s *suite, c *contestant) []load.Target {
	return []load.Target{s.secure(c.one, passed, server.Hundred)}
}

func secureMebi(s *suite, c *contestant) []load.Target {
	return []load.Target{s.secure(c.one, "localhost", server.Mebi)}
}

func secureHundred(s *suite, c *contestant) []load.Target {
	return []load.Target{s.secure(c.one, "localhost", server.Hundred)}
}

// generator puts load on a target for the length of a measurement.
type generator func(ctx context.Context, s *suite, t load.Target) (load.Count, error)

func wrk(ctx context.Context, s *suite, t load.Target) (load.Count, error) {
	return load.Wrk(ctx, t, connections, s.measure, nil, s.dir)
}

// wrkBytes is with fewer connections, as what is loaded is the bodies.
func wrkBytes(ctx context.Context, s *suite, t load.Target) (load.Count, error) {
	return load.Wrk(ctx, t, workers, s.measure, nil, s.dir)
}

func h2load(ctx context.Context, s *suite, t load.Target) (load.Count, error) {
	return load.H2load(ctx, t, h2clients, h2streams, s.measure)
}

func handshakes(ctx context.Context, s *suite, t load.Target) (load.Count, error) {
	return load.Handshakes(ctx, t, workers, s.measure)
}

func downloads(workers int) generator {
	return func(ctx context.Context, s *suite, t load.Target) (load.Count, error) {
		return load.Downloads(ctx, t, workers, s.measure)
	}
}
