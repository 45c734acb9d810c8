package store

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// identity is what an object is known by.
type identity struct{ kind, namespace, name string }

func (r Record) identity() identity { return identity{r.Kind, r.Namespace, r.Name} }

func (i identity) compare(j identity) int {
	return cmp.Or(cmp.Compare(i.kind, j.kind), cmp.Compare(i.namespace, j.namespace), cmp.Compare(i.name, j.name))
}

// recordOf reads a config. What a label does not say the manifest does, and what
// neither says is taken from the config, so that a config that a person made
// without care is still an object that can be asked about.
func recordOf(c Config) Record {
	r := Record{
		ID: c.ID, Version: c.Version, Data: c.Data, Source: "config " + c.Name,
		Kind:       c.Labels[LabelKind],
		Name:       c.Labels[LabelName],
		Namespace:  c.Labels[LabelNamespace],
		Generation: max(1, number(c.Labels[LabelGeneration])),
		Created:    instant(c.Labels[LabelCreated], c.CreatedAt),
		AppliedAt:  instant(c.Labels[LabelAppliedAt], c.CreatedAt),
		AppliedBy:  c.Labels[LabelAppliedBy],
		Origin:     c.Labels[LabelOrigin],
		Status:     statusOf(c.Labels[LabelStatus]),
	}
	if r.Name == "" {
		m := metadataOf(c.Data)
		r.Name = cmp.Or(m.Name, c.Name)
		r.Namespace = cmp.Or(r.Namespace, m.Namespace, c.Labels[LabelStack])
	}
	return r
}

// metadataOf is what a manifest says of itself, as far as it can be read.
func metadataOf(data []byte) v1alpha1.ObjectMeta {
	var manifest struct {
		Metadata struct{ Name, Namespace string }
	}
	if err := yaml.Unmarshal(data, &manifest); err != nil {
		return v1alpha1.ObjectMeta{}
	}
	return v1alpha1.ObjectMeta{Name: manifest.Metadata.Name, Namespace: manifest.Metadata.Namespace}
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func instant(s string, absent time.Time) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return absent
	}
	return t
}

// statusOf is nil for a status that somebody spoilt: it is written anew then.
func statusOf(label string) *v1alpha1.Status {
	if label == "" {
		return nil
	}
	var s v1alpha1.Status
	if err := json.Unmarshal([]byte(label), &s); err != nil {
		return nil
	}
	return &s
}

// generations are all records of one object, oldest first; never empty.
type generations []Record

func (g generations) newest() Record { return g[len(g)-1] }

// byObject sorts records into objects, which are sorted by kind, namespace and
// name. Generations that claim one number, as configs without the label do, are
// told apart by age: each counts at least one more than that before it.
func byObject(records []Record) []generations {
	objects := map[identity]generations{}
	for _, r := range records {
		objects[r.identity()] = append(objects[r.identity()], r)
	}
	keys := slices.SortedFunc(maps.Keys(objects), identity.compare)
	sorted := make([]generations, len(keys))
	for i, k := range keys {
		sorted[i] = numbered(objects[k])
	}
	return sorted
}

func numbered(g generations) generations {
	slices.SortFunc(g, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Generation, b.Generation), a.AppliedAt.Compare(b.AppliedAt), cmp.Compare(a.ID, b.ID))
	})
	for i := 1; i < len(g); i++ {
		g[i].Generation = max(g[i].Generation, g[i-1].Generation+1)
		if g[i-1].Created.Before(g[i].Created) {
			g[i].Created = g[i-1].Created
		}
	}
	return g
}

func find(objects []generations, i identity) generations {
	at, ok := slices.BinarySearchFunc(objects, i, func(g generations, i identity) int { return g[0].identity().compare(i) })
	if !ok {
		return nil
	}
	return objects[at]
}

// identityOf takes a key apart.
func identityOf(kind, key string) identity {
	if namespace, name, ok := strings.Cut(key, "/"); ok {
		return identity{kind, namespace, name}
	}
	return identity{kind: kind, name: key}
}
