package cli

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// TestScripts runs the commands as a person would, against a cluster in memory.
// Beside testscript's own there are these commands:
//
//	fairlead ARGS [<FILE]   run the client; its exit code must be 0, with ! not 0
//	code N                  the exit code of the last fairlead was N
//	swarm FILE              the swarm is as in FILE (a plan.World in YAML)
//	event AGE KIND NAME ACTION   the swarm remembers an event
//	operate                 the operator looks, and writes statuses
//	later N COMMAND         before List is called for the Nth time from now:
//	                        operate, interrupt (Ctrl-C), or delete KEY
//	clock DURATION          time passes
//	down MESSAGE            every call to the cluster fails from now on
//	refuse NAME             somebody else always writes this object first
//	hold PORT PROGRAM       a program of this host listens on a port
//	engine VERSION          the engine has that API version
//	node NAME STATE         another node is in the swarm
//	publish NAME PORT       a service publishes a port in ingress mode
//	noswarm                 there is only a store
//	origin KEY ORIGIN       the object comes from there
//	pair NAME LIFE HOST...  NAME.crt and NAME.key are a certificate that began an
//	                        hour ago; its authority's stands first in NAME.crt
//	mount SECRET SERVICE    a service mounts a secret
//	report SECRET MESSAGE   a data plane says that a certificate is no good
func TestScripts(t *testing.T) {
	testscript.RunT(serial{t}, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Values[theStage] = &stage{fakeCluster: newFakeCluster()}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fairlead": func(ts *testscript.TestScript, neg bool, args []string) { stageOf(ts).fairlead(ts, neg, args) },
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				if got := strconv.Itoa(stageOf(ts).code); got != args[0] {
					ts.Fatalf("the exit code was %s, want %s", got, args[0])
				}
			},
			"swarm": func(ts *testscript.TestScript, _ bool, args []string) {
				var w plan.World
				ts.Check(yaml.UnmarshalStrict([]byte(ts.ReadFile(args[0])), &w))
				stageOf(ts).world = w
			},
			"event": func(ts *testscript.TestScript, _ bool, args []string) {
				s := stageOf(ts)
				age, err := time.ParseDuration(args[0])
				ts.Check(err)
				s.events = append(s.events, swarm.Event{Time: s.now.Add(-age), Kind: args[1], Name: args[2], Action: args[3]})
			},
			"eject":   func(ts *testscript.TestScript, _ bool, args []string) { stageOf(ts).ejected = args },
			"operate": func(ts *testscript.TestScript, _ bool, _ []string) { stageOf(ts).operate() },
			"later":   func(ts *testscript.TestScript, _ bool, args []string) { stageOf(ts).later(ts, args) },
			"clock": func(ts *testscript.TestScript, _ bool, args []string) {
				d, err := time.ParseDuration(args[0])
				ts.Check(err)
				stageOf(ts).now = stageOf(ts).now.Add(d)
			},
			"down": func(ts *testscript.TestScript, _ bool, args []string) { stageOf(ts).down = errors.New(args[0]) },
			"refuse": func(ts *testscript.TestScript, _ bool, args []string) {
				stageOf(ts).refused = map[string]bool{args[0]: true}
			},
			"hold": func(ts *testscript.TestScript, _ bool, args []string) {
				stageOf(ts).ports = map[string]string{args[0]: args[1]}
			},
			"engine": func(ts *testscript.TestScript, _ bool, args []string) { stageOf(ts).engine.APIVersion = args[0] },
			"node": func(ts *testscript.TestScript, _ bool, args []string) {
				e := &stageOf(ts).engine
				e.Members = append(e.Members, swarm.Member{Name: args[0], State: args[1], Availability: "active"})
			},
			"publish": func(ts *testscript.TestScript, _ bool, args []string) {
				port, err := strconv.Atoi(args[1])
				ts.Check(err)
				e := &stageOf(ts).engine
				e.Published = append(e.Published, swarm.Published{Service: args[0], Port: port, Ingress: true})
			},
			"pair": func(ts *testscript.TestScript, _ bool, args []string) {
				life, err := time.ParseDuration(args[1])
				ts.Check(err)
				now := stageOf(ts).now
				chain, key := newPair(ts, now.Add(-time.Hour), now.Add(life), args[2:])
				ts.Check(os.WriteFile(ts.MkAbs(args[0]+".crt"), chain, 0o600))
				ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), key, 0o600))
			},
			"mount": func(ts *testscript.TestScript, _ bool, args []string) {
				w := &stageOf(ts).world
				w.Services = append(slices.Clone(w.Services), plan.Service{ID: "id-" + args[1], Name: args[1], Secrets: []string{"id-" + args[0]}})
			},
			"report": func(ts *testscript.TestScript, _ bool, args []string) {
				c := snapshot.CertificateReport{Name: args[0], State: snapshot.CertificateInvalid, Message: args[1]}
				stageOf(ts).reports = []snapshot.Report{{Plane: "one", Certificates: []snapshot.CertificateReport{c}}}
			},
			"noswarm": func(ts *testscript.TestScript, _ bool, _ []string) { stageOf(ts).noSwarm = true },
			"origin": func(ts *testscript.TestScript, _ bool, args []string) {
				stageOf(ts).newest(v1alpha1.KindRoute, args[0]).Origin = args[1]
			},
		},
	})
}

// serial runs scripts one after the other, because each changes the working
// directory, so that paths are printed as a person would give them.
type serial struct{ *testing.T }

func (serial) Parallel() {}

func (serial) Verbose() bool { return testing.Verbose() }

func (s serial) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(serial{t}) })
}

// stage is what one script plays on.
type stage struct {
	*fakeCluster
	code   int
	cancel context.CancelFunc
}

type stageKey struct{}

var theStage stageKey

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(theStage).(*stage) }

func (s *stage) fairlead(ts *testscript.TestScript, neg bool, args []string) {
	var in io.Reader = strings.NewReader("")
	if last := len(args) - 1; last >= 0 && strings.HasPrefix(args[last], "<") {
		in = strings.NewReader(ts.ReadFile(args[last][1:]))
		args = args[:last]
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.cancel = cancel
	here, problem := os.Getwd()
	ts.Check(problem)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer os.Chdir(here)
	var out, err bytes.Buffer
	root := New(Config{
		Connect: s.connect, In: in, Out: &out, Err: &err, Terminal: ts.Getenv("TERMINAL") != "",
		Version: "v0.1.0", User: "me@here", Now: func() time.Time { return s.now }, Every: time.Millisecond, Port: s.port,
	})
	s.code = Execute(ctx, root, args)
	ts.Stdout().Write(out.Bytes())
	ts.Stderr().Write(err.Bytes())
	if neg == (s.code == 0) {
		ts.Fatalf("unexpected exit code %d\n%s%s", s.code, out.String(), err.String())
	}
}

func (s *stage) later(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	n += s.lists
	before := s.onList
	s.onList = func(now int) {
		if before != nil {
			before(now)
		}
		if now != n {
			return
		}
		switch args[1] {
		case "operate":
			s.operate()
		case "interrupt":
			s.cancel()
		case "delete":
			s.records = withoutKey(s.records, args[2])
		}
	}
}

// newPair makes a certificate by an authority of its own, which stands first.
func newPair(ts *testscript.TestScript, begins, ends time.Time, hosts []string) (chain, key []byte) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: begins, NotAfter: ends, IsCA: true, BasicConstraintsValid: true}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: hosts, NotBefore: begins, NotAfter: ends}
	above, err := x509.CreateCertificate(rand.Reader, authority, authority, signer.Public(), signer)
	ts.Check(err)
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, own.Public(), signer)
	ts.Check(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(own)
	ts.Check(err)
	for _, c := range [][]byte{above, der} {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func withoutKey(records []store.Record, key string) []store.Record {
	var out []store.Record
	for _, r := range records {
		if r.Key() != key {
			out = append(out, r)
		}
	}
	return out
}
