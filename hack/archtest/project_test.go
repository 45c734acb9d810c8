package archtest

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// project is what we read of PROJECT, in kubebuilder's format, version 3.
type project struct {
	Version     string     `json:"version"`
	ProjectName string     `json:"projectName"`
	Repo        string     `json:"repo"`
	Domain      string     `json:"domain"`
	Layout      []string   `json:"layout"`
	Resources   []resource `json:"resources"`
}

type resource struct {
	Controller bool   `json:"controller"`
	Domain     string `json:"domain"`
	Group      string `json:"group"`
	Kind       string `json:"kind"`
	Path       string `json:"path"`
	Version    string `json:"version"`
}

func TestPROJECTListsTheKindsThatExist(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "PROJECT"))
	if err != nil {
		t.Fatal(err)
	}
	var p project
	if err := yaml.UnmarshalStrict(data, &p); err != nil {
		t.Fatal(err)
	}
	if p.Version != "3" || p.Repo != module {
		t.Errorf("version %q, repo %q", p.Version, p.Repo)
	}
	var listed []string
	for _, r := range p.Resources {
		listed = append(listed, r.Kind)
		if got := r.Group + "." + r.Domain + "/" + r.Version; got != v1alpha1.GroupVersion {
			t.Errorf("%s is of %s, not of %s", r.Kind, got, v1alpha1.GroupVersion)
		}
		if want := module + "/api/" + r.Version; r.Path != want {
			t.Errorf("the path of %s is %s, not %s", r.Kind, r.Path, want)
		}
	}
	slices.Sort(listed)
	if d := cmp.Diff(kinds(t), listed); d != "" {
		t.Errorf("the kinds of api/v1alpha1 (-) and of PROJECT (+):\n%s", d)
	}
}

// kinds are the structs of the API that embed TypeMeta, sorted.
func kinds(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, f := range parse(t) {
		if f.test || f.dir != "api/v1alpha1" {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if ok && embeds(spec.Type, "TypeMeta") {
				found = append(found, spec.Name.Name)
			}
			return true
		})
	}
	slices.Sort(found)
	return found
}

func embeds(e ast.Expr, name string) bool {
	s, ok := e.(*ast.StructType)
	return ok && slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
		id, ok := f.Type.(*ast.Ident)
		return ok && len(f.Names) == 0 && id.Name == name
	})
}
