package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/api/snapshot"
)

var (
	requestsDesc      = prometheus.NewDesc("fairlead_requests_total", "Requests by Route and status; the Route is empty where none matched.", []string{"route", "code"}, nil)
	durationDesc      = prometheus.NewDesc("fairlead_request_duration_seconds", "Time from a request's head to the end of its answer.", []string{"listener"}, nil)
	inFlightDesc      = prometheus.NewDesc("fairlead_requests_in_flight", "Requests that are not answered yet.", nil, nil)
	passthroughsDesc  = prometheus.NewDesc("fairlead_passthrough_connections", "Passthrough connections that are open.", nil, nil)
	connectErrorsDesc = prometheus.NewDesc("fairlead_endpoint_connect_errors_total", "Connections to Endpoints that could not be made.", nil, nil)
	handshakesDesc    = prometheus.NewDesc("fairlead_tls_handshakes_total", "TLS connections by what became of them: ok, failed, client_certificate, unknown_name, not_tls, passthrough, challenge.", []string{"result"}, nil)
	publishesDesc     = prometheus.NewDesc("fairlead_publishes_total", "Snapshots by what became of them: ok, failed.", []string{"result"}, nil)
	refusedDesc       = prometheus.NewDesc("fairlead_refused_total", "Requests and connections that a limit or the grammar refused, by reason.", []string{"reason"}, nil)
	checksDesc        = prometheus.NewDesc("fairlead_health_checks_total", "Checks of Endpoints by what became of them: passed, failed.", []string{"result"}, nil)
	mirroredDesc      = prometheus.NewDesc("fairlead_mirrored_requests_total", "Copies of requests by what became of them: sent, failed, dropped (the mirror is slow), too_large, incomplete.", []string{"result"}, nil)
	endpointsDesc     = prometheus.NewDesc("fairlead_endpoints", "Endpoints that are served, by state.", []string{"state"}, nil)
	expiryDesc        = prometheus.NewDesc("fairlead_certificate_expiry_timestamp_seconds", "End of each loaded certificate, in Unix time.", []string{"certificate", "id"}, nil)
	statesDesc        = prometheus.NewDesc("fairlead_certificates", "Certificates by state.", []string{"state"}, nil)
)

// collector reads Metrics and the State at each scrape.
type collector struct {
	m     *Metrics
	state State
}

// Describe is that of prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		requestsDesc, durationDesc, inFlightDesc, passthroughsDesc, connectErrorsDesc, handshakesDesc,
		publishesDesc, refusedDesc, mirroredDesc, checksDesc, endpointsDesc, expiryDesc, statesDesc,
	} {
		ch <- d
	}
}

// Collect is that of prometheus.Collector. Labels that were never counted have
// no series.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.requests(ch)
	m := c.m
	ch <- prometheus.MustNewConstMetric(inFlightDesc, prometheus.GaugeValue, float64(m.inFlight.Load()))
	ch <- prometheus.MustNewConstMetric(passthroughsDesc, prometheus.GaugeValue, float64(m.passthroughs.Load()))
	ch <- prometheus.MustNewConstMetric(connectErrorsDesc, prometheus.CounterValue, float64(m.connectErrors.Load()))
	m.handshakes.each(counters(ch, handshakesDesc))
	m.publishes.each(counters(ch, publishesDesc))
	m.refused.each(counters(ch, refusedDesc))
	m.mirrored.each(counters(ch, mirroredDesc))
	m.checks.each(counters(ch, checksDesc))
	c.endpoints(ch)
	c.certificates(ch)
}

// counters returns what sends a counter for each label.
func counters(ch chan<- prometheus.Metric, d *prometheus.Desc) func(string, uint64) {
	return func(label string, n uint64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), label)
	}
}

func (c collector) requests(ch chan<- prometheus.Metric) {
	c.m.routes.each(func(route string, status int, n uint64) {
		ch <- prometheus.MustNewConstMetric(requestsDesc, prometheus.CounterValue, float64(n), route, strconv.Itoa(status))
	})
	for i := range c.m.durations {
		if h := c.m.durations[i].metric(durationDesc, listeners[i]); h != nil {
			ch <- h
		}
	}
}

func (c collector) endpoints(ch chan<- prometheus.Metric) {
	all, ejected := c.state.Endpoints()
	ch <- prometheus.MustNewConstMetric(endpointsDesc, prometheus.GaugeValue, float64(all-ejected), "ready")
	ch <- prometheus.MustNewConstMetric(endpointsDesc, prometheus.GaugeValue, float64(ejected), "ejected")
}

func (c collector) certificates(ch chan<- prometheus.Metric) {
	states := map[snapshot.CertificateState]int{}
	for _, r := range c.state.Certificates() {
		states[r.State]++
		if r.State == snapshot.CertificateLoaded && !r.NotAfter.IsZero() {
			ch <- prometheus.MustNewConstMetric(expiryDesc, prometheus.GaugeValue, float64(r.NotAfter.Unix()), r.Name, r.ID)
		}
	}
	for _, s := range []snapshot.CertificateState{snapshot.CertificateLoaded, snapshot.CertificatePending, snapshot.CertificateInvalid} {
		ch <- prometheus.MustNewConstMetric(statesDesc, prometheus.GaugeValue, float64(states[s]), string(s))
	}
}
