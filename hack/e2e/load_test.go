package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// load sends requests at a fixed rate, whatever the answers take, and keeps
// what went wrong.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex // guards following
	sent     int
	failures []string
}

// startLoad sends what request makes, perSecond times a second, until stop.
func startLoad(t *testing.T, c *client, perSecond int, request func() (*http.Request, error)) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	t.Cleanup(func() { l.stop() })
	l.done.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				l.done.Go(func() { l.send(c, request) })
			}
		}
	})
	return l
}

func (l *load) send(c *client, request func() (*http.Request, error)) {
	began := time.Now()
	err := try(c, request)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if err != nil {
		l.failures = append(l.failures, fmt.Sprintf("%s after %v: %v", began.Format("15:04:05.000"), time.Since(began).Round(time.Millisecond), err))
	}
}

func try(c *client, request func() (*http.Request, error)) error {
	r, err := request()
	if err != nil {
		return err
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return err
}

// stop waits for the answers that are still to come.
func (l *load) stop() (sent int, failures []string) {
	l.cancel()
	l.done.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent, l.failures
}

// mustNotHaveFailed says what did.
func (l *load) mustNotHaveFailed(t *testing.T, what string) {
	t.Helper()
	sent, failures := l.stop()
	if len(failures) > 0 {
		t.Errorf("%s: %d of %d failed:\n%s", what, len(failures), sent, strings.Join(failures[:min(len(failures), 10)], "\n"))
		return
	}
	t.Logf("%s: 0 of %d failed", what, sent)
}

func post(c *client, path, body string) func() (*http.Request, error) {
	return func() (*http.Request, error) {
		return http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(body))
	}
}

func get(c *client, path string) func() (*http.Request, error) {
	return func() (*http.Request, error) { return http.NewRequest(http.MethodGet, c.base+path, nil) }
}
