package load

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed wrk.lua
var wrkScript []byte

// Wrk loads a target through wrk in one thread. With hosts, each request asks
// for the next of them; the target's is not used then. dir is where its script
// is written.
func Wrk(ctx context.Context, t Target, connections int, d time.Duration, hosts []string, dir string) (Count, error) {
	script := filepath.Join(dir, "wrk.lua")
	if err := os.WriteFile(script, wrkScript, 0o600); err != nil {
		return Count{}, err
	}
	url := "http://" + t.Addr + t.Path
	if t.Leaf != nil {
		// wrk takes the SNI from the URL, so the host has to resolve.
		_, port, _ := strings.Cut(t.Addr, ":")
		url = "https://" + t.Host + ":" + port + t.Path
	}
	args := []string{
		"--threads", "1", "--connections", strconv.Itoa(connections), "--duration", seconds(d),
		"--timeout", "10s", "--script", script, "--header", "Host: " + t.Host, url,
	}
	if len(hosts) > 0 {
		list := filepath.Join(dir, "wrk.hosts")
		if err := os.WriteFile(list, []byte(strings.Join(hosts, "\n")+"\n"), 0o600); err != nil {
			return Count{}, err
		}
		args = append(args, "--", list)
	}
	out, err := tool(ctx, d, "wrk", args...)
	if err != nil {
		return Count{}, err
	}
	return parseWrk(out, t.Size)
}

// seconds formats a duration for tools that know whole seconds only.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%ds", max(1, int(d.Round(time.Second)/time.Second)))
}

// tool runs a load generator, which may take little longer than it was told.
func tool(ctx context.Context, d time.Duration, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, d+30*time.Second)
	defer cancel()
	var stderr bytes.Buffer
	c := exec.CommandContext(ctx, name, args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s%s", name, err, out, stderr.Bytes())
	}
	return out, nil
}

// parseWrk reads the line that wrk.lua prints at the end.
func parseWrk(out []byte, size int64) (Count, error) {
	at := bytes.LastIndex(out, []byte("\nresult: "))
	if at < 0 {
		return Count{}, fmt.Errorf("wrk: no result in %q", out)
	}
	var r struct{ Requests, Bytes, Microseconds, Connect, Read, Write, Status, Timeout int64 }
	if err := json.Unmarshal(out[at+len("\nresult: "):], &r); err != nil {
		return Count{}, fmt.Errorf("wrk: %w in %q", err, out)
	}
	if r.Connect+r.Read+r.Write+r.Status+r.Timeout > 0 || r.Requests == 0 || r.Bytes < r.Requests*size {
		return Count{}, fmt.Errorf("%w: wrk counted %+v", errAnswer, r)
	}
	return Count{Requests: r.Requests, Bytes: r.Requests * size, Took: time.Duration(r.Microseconds) * time.Microsecond}, nil
}

// H2load loads a target by HTTP/2 through h2load in one thread.
func H2load(ctx context.Context, t Target, connections, streams int, d time.Duration) (Count, error) {
	_, port, _ := strings.Cut(t.Addr, ":")
	out, err := tool(ctx, d, "h2load", "--threads=1", "--clients="+strconv.Itoa(connections), "--max-concurrent-streams="+strconv.Itoa(streams),
		"--duration="+seconds(d), "--connect-to="+t.Addr, "https://"+t.Host+":"+port+t.Path)
	if err != nil {
		return Count{}, err
	}
	return parseH2load(string(out), t.Size)
}

var (
	h2requests = regexp.MustCompile(`(?m)^requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout$`)
	h2statuses = regexp.MustCompile(`(?m)^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx$`)
	h2finished = regexp.MustCompile(`(?m)^finished in ([0-9.]+)(us|ms|s)`)
	h2data     = regexp.MustCompile(`(?m)^traffic: .*, [^,]*\((\d+)\) data$`)
	h2protocol = regexp.MustCompile(`(?m)^TLS Protocol: TLSv1\.3$(?s:.*)^Application protocol: h2$`)
)

// parseH2load reads the summary that h2load prints.
func parseH2load(out string, size int64) (Count, error) {
	requests, statuses := h2requests.FindStringSubmatch(out), h2statuses.FindStringSubmatch(out)
	finished, data := h2finished.FindStringSubmatch(out), h2data.FindStringSubmatch(out)
	if requests == nil || statuses == nil || finished == nil || data == nil || !h2protocol.MatchString(out) {
		return Count{}, fmt.Errorf("h2load: no HTTP/2 result in %q", out)
	}
	succeeded, _ := strconv.ParseInt(requests[1], 10, 64) // They are digits, as in data.
	for _, bad := range append(requests[2:], statuses[2:]...) {
		if bad != "0" {
			return Count{}, fmt.Errorf("%w: h2load counted %s, %s", errAnswer, requests[0], statuses[0])
		}
	}
	bytes, _ := strconv.ParseInt(data[1], 10, 64)
	if succeeded == 0 || bytes < succeeded*size {
		return Count{}, fmt.Errorf("%w: h2load had %d answers with %d bytes", errAnswer, succeeded, bytes)
	}
	took, err := time.ParseDuration(finished[1] + finished[2])
	return Count{Requests: succeeded, Bytes: succeeded * size, Took: took}, err
}
