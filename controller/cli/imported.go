package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	followed "fairlead.dev/fairlead/controller/labels"
	"fairlead.dev/fairlead/controller/source"
)

// manifestOf is a Route as a document, in short.
func manifestOf(r *v1alpha1.Route) []byte {
	data, err := yaml.Marshal(v1alpha1.Route{TypeMeta: r.TypeMeta, Metadata: r.Metadata, Spec: r.Spec})
	if err != nil {
		panic("cli: " + err.Error())
	}
	return data
}

// writeImported writes the Routes to the standard output, or to a directory.
func (c *client) writeImported(i *imported, f importFlags) error {
	if f.dir == "" {
		for n := range i.Routes {
			if n > 0 {
				c.printf("---\n")
			}
			c.printf("%s%s", openWords(&i.Routes[n]), manifestOf(&i.Routes[n].Route))
		}
		return nil
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return err
	}
	var errs []error
	for n := range i.Routes {
		file, err := writeRoute(f.dir, &i.Routes[n])
		if errs = append(errs, err); file != "" && f.report != "-" {
			c.printf("%s\n", file)
		}
	}
	return errors.Join(errs...)
}

// openWords is a comment for a Route that is open.
func openWords(r *labels.Route) string {
	if len(r.Open) == 0 {
		return ""
	}
	return fmt.Sprintf("# Lets everybody in: %s is lost.\n", strings.Join(r.Open, ", "))
}

// writeRoute writes one file, and returns its name if it was not there. What is
// there and differs may have been edited, so it stays.
func writeRoute(dir string, r *labels.Route) (file string, err error) {
	file = filepath.Join(dir, strings.ReplaceAll(r.Metadata.Key(), "/", ".")+".yaml")
	data := append([]byte(openWords(r)), manifestOf(&r.Route)...)
	old, err := os.ReadFile(file)
	switch {
	case err == nil && !bytes.Equal(old, data):
		return "", no("%s: is there and differs: move it away, or choose another directory", file)
	case err == nil:
		return "", nil
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	return file, os.WriteFile(file, data, 0o666)
}

// checkImported says as a diff what differs between the Routes that the labels
// mean and those that are stored; differ is the answer no.
func (c *client) checkImported(ctx context.Context, cluster Cluster, i *imported) (differ, err error) {
	objects, err := listAll(ctx, cluster)
	if err != nil {
		return nil, err
	}
	stored := byRef(objects)
	for n := range i.Routes {
		r := &i.Routes[n]
		name, old := "/dev/null", []byte(nil)
		if o, there := stored[routeRef(r.Metadata.Key())]; there {
			if o.Origin == followed.Origin {
				continue // it is made of the labels all the time
			}
			name, old = o.Source, storedManifest(o)
		}
		if text := diff.Diff(name, old, "labels of "+r.Service.Name, manifestOf(&r.Route)); text != nil {
			c.printf("%s", text)
			differ = errNo
		}
	}
	return differ, nil
}

// storedManifest is what is stored, written as labels would be.
func storedManifest(o object) []byte {
	if o.Route == nil {
		return o.Data
	}
	r := *o.Route
	r.Metadata = v1alpha1.ObjectMeta{Name: o.Name, Namespace: o.Namespace}
	labels.Tidy(&r)
	return manifestOf(&r)
}

// conflictsOf says which of the Routes claim what an earlier one has.
func (c *client) conflictsOf(routes []labels.Route) []string {
	var documents []source.Document
	for i := range routes {
		route := routes[i].Route
		d, err := source.Decode("labels of "+routes[i].Service.Name, manifestOf(&route))
		if err == nil {
			documents = append(documents, d...)
		}
	}
	var all []string
	for _, m := range c.conflicts(documents) {
		all = append(all, fmt.Sprintf("%s: %s (%s)", m.Path, m.Message, m.Source))
	}
	return all
}
