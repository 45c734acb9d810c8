package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// mentions says whether the file uses a name of another package: "time.Now".
func mentions(f source, name string) bool {
	found := false
	ast.Inspect(f.File, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name+"."+s.Sel.Name == name {
				found = true
			}
		}
		return !found
	})
	return found
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	said := map[string]int{}
	for _, f := range parse(t) {
		if f.test {
			continue
		}
		said[f.dir] += 0
		if f.Doc == nil {
			continue
		}
		said[f.dir]++
		first := strings.Join(strings.Fields(f.Doc.Text())[:min(2, len(strings.Fields(f.Doc.Text())))], " ")
		if f.Name.Name == "main" && !strings.HasPrefix(first, "Command ") || f.Name.Name != "main" && first != "Package "+f.Name.Name {
			t.Errorf("the package comment in %s starts with %q", f.name, first)
		}
	}
	for dir, n := range said {
		if n != 1 {
			t.Errorf("%s has %d package comments, not one", dir, n)
		}
	}
}
