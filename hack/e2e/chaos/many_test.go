package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestTwoHundredRoutesComeAtOnceAndLeaveNothing(t *testing.T) {
	const routes, services, networks, pairs = 200, 20, 5, 20
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	for i := range networks {
		createNetwork(t, r, fmt.Sprint("net", i))
	}
	for i := range services {
		createService(t, r, fmt.Sprint("demo", i), 1, fmt.Sprint("net", i%networks))
	}
	var g sync.WaitGroup
	for i := range pairs {
		g.Go(func() {
			createPair(t, r.Node(0), fmt.Sprint("pair", i), fmt.Sprint("pair", i), fmt.Sprintf("*.h%d.local", i))
		})
	}
	g.Wait()
	for i := range services {
		r.WaitTasks(t, fmt.Sprint("demo", i), 1)
	}
	goroutines := o.metric(t, "go_goroutines")

	dir := t.TempDir()
	for i := range routes {
		name := fmt.Sprint("route", i)
		manifest := terminate(name, fmt.Sprintf("r%d.h%d.local", i, i%pairs), fmt.Sprint("demo", i%services), fmt.Sprint("pair", i%pairs))
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(manifest), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	o.must(t, "", "apply", "-f", dir)
	applied := time.Since(began)
	rig.Eventually(t, 60*time.Second, "all are Ready", func() error {
		out, code := o.cli(t, "", "status")
		if code != 0 {
			return fmt.Errorf("exit code %d: %s", code, strings.Join(strings.Split(out, "\n")[:5], "\n"))
		}
		return nil
	})
	t.Logf("%d Routes: applied in %v, all Ready after %v", routes, applied, time.Since(began))
	for _, i := range []int{0, 77, routes - 1} {
		until200(t, o.web("https", fmt.Sprintf("r%d.h%d.local", i, i%pairs)))
	}
	t.Logf("%d tenders, %v goroutines, %.0f MB", len(tenders(t, r)), o.metric(t, "go_goroutines"), o.metric(t, "process_resident_memory_bytes")/1e6)

	began = time.Now()
	o.must(t, "", "delete", "-f", dir)
	rig.Eventually(t, 60*time.Second, "nothing is left of them", func() error {
		configs := lines(t, r.Node(0), "config", "ls", "--quiet", "--filter", "label=fairlead.dev/kind")
		if n := tenders(t, r); len(n)+len(configs) > 0 {
			return fmt.Errorf("%d tenders, %d configs", len(n), len(configs))
		}
		return nil
	})
	t.Logf("deleted and gone after %v", time.Since(began))
	for i := range pairs {
		r.Node(0).Docker(t, "secret", "rm", fmt.Sprintf("pair%d.cert", i), fmt.Sprintf("pair%d.key", i))
	}
	rig.Eventually(t, 60*time.Second, "the goroutines have ended", func() error {
		if now := o.metric(t, "go_goroutines"); now > goroutines+5 {
			return fmt.Errorf("%v, before there were %v", now, goroutines)
		}
		return nil
	})
	rig.Eventually(t, 60*time.Second, "the tenders have taken their sockets along", func() error {
		left, err := filepath.Glob(filepath.Join(o.state, "*.sock"))
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("%d are left", len(left))
		}
		return err
	})
}

// tenders are the IDs of the Tenders' services.
func tenders(t *testing.T, r *rig.Rig) []string {
	t.Helper()
	return lines(t, r.Node(0), "service", "ls", "--quiet", "--filter", "label=fairlead.dev/tender")
}
