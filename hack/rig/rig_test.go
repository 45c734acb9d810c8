package rig

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// demo creates a service of the demo application and returns its running tasks.
func demo(t *testing.T, r *Rig, replicas int, args ...string) []Task {
	t.Helper()
	image := r.Image(t, "demo", Build(t, "./hack/demo"))
	create := append([]string{"service", "create", "--detach", "--name", "demo", "--replicas", fmt.Sprint(replicas)}, args...)
	r.Node(0).Docker(t, append(create, image)...)
	return r.WaitTasks(t, "demo", replicas)
}

// ping asks addr from place.
func ping(place *Place, addr string) (string, error) {
	c := place.HTTP("")
	c.Timeout = 5 * time.Second
	resp, err := c.Get("http://" + addr + "/ping")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestATaskOfAnOverlayNetworkIsReachedFromItsNeighbour(t *testing.T) {
	r := Shared(t)
	r.Reset(t)
	r.Node(0).Docker(t, "network", "create", "--driver", "overlay", "web")
	tasks := demo(t, r, 2, "--network", "web", "--endpoint-mode", "dnsrr")
	Eventually(t, 30*time.Second, "one task reaches the other", func() error {
		body, err := ping(tasks[0].Place(), tasks[1].Addrs["web"].String()+":8080")
		if err == nil && !strings.HasPrefix(body, `{"instance":"`+tasks[1].Container[:12]) {
			err = fmt.Errorf("answer %q", body)
		}
		return err
	})
}

func TestAHostModePortIsReachedFromTheFabric(t *testing.T) {
	r := Shared(t)
	r.Reset(t)
	demo(t, r, 1, "--publish", "mode=host,target=8080,published=8081")
	Eventually(t, 30*time.Second, "the port answers", func() error {
		_, err := ping(r.Fabric, r.Node(0).Addr+":8081")
		return err
	})
}

func TestACommandRunsInTheNode(t *testing.T) {
	r := Shared(t)
	n := r.Node(0)
	out, err := output(n.Command(t.Context(), "sh", "-c", "hostname; ip -br addr show eth0; docker version -f ok"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{n.Name, n.Addr, "ok"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q lacks %q", out, want)
		}
	}
}

func TestContainersRunOnWhileTheEngineIsAway(t *testing.T) {
	r := Shared(t)
	r.Reset(t)
	n := r.Node(0)
	demo(t, r, 1, "--network", "host")
	addr := n.Addr + ":8080"
	proxy := n.APIProxy(t)
	api := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_, err := output(exec.CommandContext(ctx, "docker", "-H", proxy.Host(), "version"))
		return err
	}
	Eventually(t, 10*time.Second, "the API answers through the proxy", api)
	check := func(t *testing.T) {
		t.Helper()
		if api() == nil {
			t.Error("the API answers")
		}
		if _, err := ping(r.Fabric, addr); err != nil {
			t.Error(err)
		}
	}
	t.Run("taken away", func(t *testing.T) {
		proxy.TakeAway()
		check(t)
		proxy.Restore(t)
	})
	t.Run("frozen", func(t *testing.T) {
		n.FreezeDocker(t)
		check(t)
	})
	t.Run("killed", func(t *testing.T) {
		n.StopDocker(t, syscall.SIGKILL)
		check(t)
	})
	Eventually(t, 30*time.Second, "the API is back", api)
	r.WaitTasks(t, "demo", 1)
}

func TestThreeNodes(t *testing.T) {
	r := New(t, Nodes(3))
	r.Node(0).Docker(t, "network", "create", "--driver", "overlay", "web")
	tasks := demo(t, r, 3, "--network", "web", "--endpoint-mode", "dnsrr", "--replicas-max-per-node", "1")
	for _, from := range tasks {
		for _, to := range tasks {
			Eventually(t, 30*time.Second, "every task reaches every other across the nodes", func() error {
				_, err := ping(from.Place(), to.Addrs["web"].String()+":8080")
				return err
			})
		}
	}
	r.Node(2).CutLink(t)
	Eventually(t, 90*time.Second, "the swarm notices a node that is cut off", func() error {
		if err := r.ready(t.Context()); err == nil {
			return fmt.Errorf("all nodes are ready")
		}
		return nil
	})
	r.Node(2).HealLink(t)
	r.Reset(t)
}

// TestWhatADeadProcessLeft starts itself as a process that makes a rig and is
// killed, and looks for what is left.
func TestWhatADeadProcessLeft(t *testing.T) {
	const name = "victim"
	if os.Getenv("RIG_VICTIM") != "" {
		r, err := Start(t.Context(), Name(name))
		if err != nil {
			t.Fatal(err)
		}
		demo(t, r, 1)
		fmt.Println("\nup")
		select {}
	}
	require(t)
	Build(t, "./hack/demo")
	victim := exec.Command(os.Args[0], "-test.run=^TestWhatADeadProcessLeft$")
	victim.Env = append(os.Environ(), "RIG_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "up"; {
	}
	_ = victim.Process.Kill()
	_ = victim.Wait()

	removeLeftovers()
	id := name + "-1"
	if pids := processesOf(id); len(pids) != 0 {
		t.Errorf("processes %v are left", pids)
	}
	for _, pattern := range []string{netnsDir + id + "-*", filepath.Join(root(), id), "/sys/fs/cgroup/*" + cgroupOf(id), "/sys/fs/cgroup" + cgroupOf(id)} {
		if left, _ := filepath.Glob(pattern); len(left) != 0 {
			t.Errorf("%v are left", left)
		}
	}
}

func TestOnlyTheRigsOwnNamespacesAreTaken(t *testing.T) {
	for ns, want := range map[string]bool{"a-1-n1": true, "a-1-fabric": true, "a-1-b-1-n1": false, "a-1-next": false} {
		if got := isOurs(ns, "a-1"); got != want {
			t.Errorf("%s: %v", ns, got)
		}
	}
}

func TestOptionsThatMakeNoSwarm(t *testing.T) {
	for _, opt := range []Option{Nodes(0), Nodes(10), Managers(2), Name(""), Name("a/b")} {
		if err := collect([]Option{opt}).valid(); err == nil {
			t.Error("no error")
		}
	}
}
