package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden file holds a story above, then
//
//	-- routes.yaml --    the Routes, oldest first; an annotation "created" (in
//	                     seconds) says otherwise, "generation" likewise, and
//	                     "labels" that it was made of some, with a "note" and
//	                     what was "ignored"
//	-- issuers.yaml --   the Issuers
//	-- certificates.yaml --  the Certificates
//	-- world.yaml --     the World
//	-- reports.yaml --   what data planes say; "served" for a Version is the
//	                     Version that comes out
//	-- tenders --        present where Tenders can run
//	-- plan --           what Compute makes of it; go test -update rewrites it
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := parseInput(t, archive)
			before := marshal(t, in)
			got := format(t, Compute(in))
			if after := marshal(t, in); before != after {
				t.Errorf("Compute edited its Input:\n%s", cmp.Diff(before, after))
			}
			compareGolden(t, file, archive, got)
		})
	}
}

func compareGolden(t *testing.T, file string, archive *txtar.Archive, got string) {
	for i := range archive.Files {
		if f := &archive.Files[i]; f.Name == "plan" {
			if *update {
				f.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(f.Data), got); diff != "" {
				t.Errorf("-want +got; if got is right, run make golden\n%s", diff)
			}
			return
		}
	}
	t.Error("the file has no section plan")
}

func parseInput(t *testing.T, archive *txtar.Archive) Input {
	in := Input{Now: time.Unix(1_700_000_000, 0).UTC()}
	for _, f := range archive.Files {
		switch f.Name {
		case "routes.yaml":
			in.Objects = parseObjects(t, f.Data)
		case "issuers.yaml":
			in.Issuers = parseIssuers(t, f.Data)
		case "certificates.yaml":
			in.Certificates = parseCertificates(t, f.Data)
		case "world.yaml":
			unmarshal(t, f.Data, &in.World)
		case "reports.yaml":
			unmarshal(t, f.Data, &in.Reports)
		case "tenders":
			in.Tenders = &TenderSpec{Scope: "here", Image: "sha256:1234", Constraints: []string{"node.id==n1"}, MountType: "bind", MountSource: "/run/fairlead"}
		}
	}
	served := Compute(in).Snapshot.Version
	for i := range in.Reports {
		if in.Reports[i].Version == "served" {
			in.Reports[i].Version = served
		}
	}
	return in
}

func unmarshal(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(data, v); err != nil {
		t.Fatal(err)
	}
}

func parseObjects(t *testing.T, data []byte) []*Object {
	var objects []*Object
	for i, document := range bytes.Split(data, []byte("---\n")) {
		var r v1alpha1.Route
		unmarshal(t, document, &r)
		o := Object{Key: r.Metadata.Key(), Generation: 1, Created: time.Unix(int64(i), 0).UTC(), Status: r.Status}
		fmt.Sscan(r.Metadata.Annotations["generation"], &o.Generation)
		var created int64
		if n, _ := fmt.Sscan(r.Metadata.Annotations["created"], &created); n == 1 {
			o.Created = time.Unix(created, 0).UTC()
		}
		o.FromLabels = r.Metadata.Annotations["labels"] == "true"
		if note := r.Metadata.Annotations["note"]; note != "" {
			o.Notes = []string{note}
		}
		if ignored := r.Metadata.Annotations["ignored"]; ignored != "" {
			o.Ignored = []v1alpha1.Problem{{Reason: v1alpha1.ReasonUnsupportedValue, Message: ignored, Rule: -1}}
		}
		o.Cluster = r.Spec.ServiceCluster
		r.Status = nil
		v1alpha1.Default(&r)
		o.Route, o.Problems = &r, v1alpha1.Validate(&r)
		if r.Metadata.Annotations["decodes"] == "false" {
			good := o
			good.Generation--
			o.LastGood, o.Route = &good, nil
			o.Problems = []v1alpha1.Problem{{Path: "spec.hots", Reason: v1alpha1.ReasonInvalid, Message: "unknown field", Rule: -1}}
		}
		objects = append(objects, &o)
	}
	return objects
}

func parseIssuers(t *testing.T, data []byte) []IssuerObject {
	var objects []IssuerObject
	for _, document := range bytes.Split(data, []byte("---\n")) {
		var i v1alpha1.Issuer
		unmarshal(t, document, &i)
		v1alpha1.DefaultIssuer(&i)
		objects = append(objects, IssuerObject{Key: i.Metadata.Key(), Generation: 1, Issuer: &i, Problems: v1alpha1.ValidateIssuer(&i)})
	}
	return objects
}

func parseCertificates(t *testing.T, data []byte) []CertificateObject {
	var objects []CertificateObject
	for _, document := range bytes.Split(data, []byte("---\n")) {
		var c v1alpha1.Certificate
		unmarshal(t, document, &c)
		o := CertificateObject{Key: c.Metadata.Key(), Generation: 1, Certificate: &c, Status: c.Status}
		c.Status = nil
		v1alpha1.DefaultCertificate(&c)
		o.Problems = v1alpha1.ValidateCertificate(&c)
		objects = append(objects, o)
	}
	return objects
}

// format prints a Plan for people: the Snapshot as YAML, Actions and
// Conditions a line each.
func format(t *testing.T, p Plan) string {
	var b strings.Builder
	s := *p.Snapshot
	s.Version = ""
	data, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "# snapshot\n%s", strings.TrimSuffix(string(data), "version: \"\"\n"))
	fmt.Fprintf(&b, "# actions\n")
	for _, a := range p.Actions {
		fmt.Fprintln(&b, formatAction(a))
	}
	for _, s := range p.Statuses {
		fmt.Fprintf(&b, "# status of %s, generation %d, changed: %t, ready endpoints: %d\n", s.Key, s.Generation, s.Changed, s.Status.ReadyEndpoints)
		for _, c := range s.Status.Conditions {
			line := fmt.Sprintf("%s: %s %s", c.Type, c.Status, c.Reason)
			if c.Message != "" {
				line += ": " + c.Message
			}
			fmt.Fprintln(&b, line)
		}
		formatCertificate(&b, s.Status.Certificate)
	}
	if p.Moving {
		fmt.Fprintln(&b, "# moving")
	}
	if !p.Due.IsZero() {
		fmt.Fprintln(&b, "# due", p.Due.UTC().Format(time.RFC3339))
	}
	return b.String()
}

func formatCertificate(b *strings.Builder, s *v1alpha1.CertificateStatus) {
	if s == nil {
		return
	}
	for _, c := range s.Serving {
		fmt.Fprintf(b, "serving: %s until %s %q\n", c.Secret, instant(c.NotAfter), c.DNSNames)
	}
	if s.Renew != nil {
		fmt.Fprintf(b, "renew: another one than version %d\n", s.Renew.Version)
	}
}

func formatAction(a Action) string {
	if a.RemoveSecret != nil {
		return "remove the secret " + a.RemoveSecret.Name
	}
	if a.CreateSecret != nil && a.CreateSecret.Certificate != nil {
		c := a.CreateSecret.Certificate
		text := fmt.Sprintf("create the secret %s with a certificate by %s for %s, %s, until %s", a.CreateSecret.Name, c.Issued.Issuer,
			strings.Join(c.Names, " "), c.Algorithm, c.Issued.Ends.UTC().Format(time.RFC3339))
		if c.CACert != "" {
			text += ", signed with " + c.CACert + " and " + c.CAKey
		}
		return text
	}
	if a.CreateSecret != nil {
		return fmt.Sprintf("create the secret %s of %d random bytes", a.CreateSecret.Name, a.CreateSecret.Size)
	}
	if a.RemoveTender != nil {
		return "remove " + a.RemoveTender.Name
	}
	if a.CreateTender.Network != "" {
		return "create a tender on network " + a.CreateTender.Network
	}
	var ids []string
	for _, s := range a.CreateTender.Secrets {
		ids = append(ids, s.ID)
	}
	return "create a tender with secrets " + strings.Join(ids, " ")
}

func marshal(t *testing.T, v any) string {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
