package main

import (
	"context"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary the command fairlead as well, where it is
// called by that name.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"fairlead": main}) }

// TestScripts runs the program itself, in processes of its own. $HTTP, $HTTPS
// and $ADMIN are free addresses, $BACKEND is a web server. Beside testscript's
// own there are these commands:
//
//	exits CODE ARGS        fairlead ARGS ends by itself, with the exit code
//	start ARGS             runs fairlead run ARGS in the background, on $HTTP,
//	                       $HTTPS and $ADMIN, and waits until it is alive
//	stop                   SIGTERM ends it with exit code 0; its standard error
//	                       is stderr then. It must not have ended before.
//	says REGEXP            it comes to say that on its standard error
//	web URL STATUS [REGEXP]  URL comes to be answered so; the body is stdout then.
//	                       http and https go to $HTTP and $HTTPS, http://admin to $ADMIN
//	served HOST CN         TLS for HOST comes to show a certificate for CN
//	cert FILES CN          makes FILES.cert and FILES.key, self-signed for CN
//	slow HOST              a request is under way, the backend has it
//	draining               SIGTERM, and new connections come to be refused
//	again                  a second SIGTERM ends it at once
//	finish STATUS          the backend answers the slow request; so is the client
//	logged FILE FIELD[=VALUE]...  FILE comes to have a line of JSON with these
//	                       fields; every line is JSON
//	occupied               $HTTP is somebody else's
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    command((*stage).exits),
			"start":    command((*stage).start),
			"stop":     command((*stage).stop),
			"says":     command((*stage).says),
			"web":      command((*stage).web),
			"served":   command((*stage).served),
			"cert":     command((*stage).cert),
			"slow":     command((*stage).slow),
			"draining": command((*stage).draining),
			"again":    command((*stage).again),
			"finish":   command((*stage).finish),
			"logged":   command((*stage).logged),
			"occupied": command((*stage).occupied),
		},
	})
}

// patience is how long a script waits for what is to come.
const patience = 30 * time.Second

// stage is what one script plays on.
type stage struct {
	ts      *testscript.TestScript
	backend *backend
	program *program
	slowly  chan error // the slow request's end
	status  int        // and its status
}

type stageKey struct{}

func setUp(e *testscript.Env) error {
	s := &stage{backend: newBackend()}
	e.Defer(s.backend.Close)
	e.Defer(func() { s.program.kill() })
	e.Values[stageKey{}] = s
	e.Setenv("BACKEND", strings.TrimPrefix(s.backend.URL, "http://"))
	if err := chooseAddresses(e.Setenv); err != nil {
		return err
	}
	return expandFiles(e)
}

// chooseAddresses sets the addresses to free ones.
func chooseAddresses(setenv func(name, value string)) error {
	for _, name := range []string{"HTTP", "HTTPS", "ADMIN"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		setenv(name, l.Addr().String())
		defer l.Close() // all at the end, so that they are three
	}
	return nil
}

// expandFiles writes the backend's address into the script's files.
func expandFiles(e *testscript.Env) error {
	return filepath.WalkDir(e.WorkDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(strings.ReplaceAll(string(data), "$BACKEND", e.Getenv("BACKEND"))), 0o600)
	})
}

// command is a method as testscript calls it. None can be negated.
func command(do func(*stage, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("not with !")
		}
		s := ts.Value(stageKey{}).(*stage)
		s.ts = ts
		do(s, args)
	}
}

// eventually waits until f returns nil.
func (s *stage) eventually(what string, f func() error) {
	deadline := time.Now().Add(patience)
	for err := f(); err != nil; err = f() {
		if time.Now().After(deadline) {
			s.ts.Fatalf("%s: %v\n%s", what, err, s.program.log())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fairlead is the program with the script's folder and environment.
func (s *stage) fairlead(ctx context.Context, args []string) *exec.Cmd {
	c := exec.CommandContext(ctx, "fairlead", args...)
	c.Dir = s.ts.Getenv("WORK")
	c.Env = append(os.Environ(), "DOCKER_HOST="+s.ts.Getenv("DOCKER_HOST"), "DOCKER_CONTEXT=", "DOCKER_CONFIG="+filepath.Join(c.Dir, "docker"))
	return c
}
