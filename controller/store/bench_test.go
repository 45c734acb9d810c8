package store

import (
	"fmt"
	"testing"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// BenchmarkReadUnchanged is what the store makes of 10,000 configs in each pass.
func BenchmarkReadUnchanged(b *testing.B) {
	s := newFakeSwarm()
	status, err := statusLabel(v1alpha1.Status{Conditions: make([]v1alpha1.Condition, 4)})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 10_000 {
		name := fmt.Sprintf("r%d", i)
		labels := map[string]string{LabelKind: "Route", LabelName: name, LabelGeneration: "1", LabelStatus: status}
		s.version++
		s.configs[name] = Config{ID: name, Name: configName("Route", "", name, 1), Version: s.version, Labels: labels, Data: []byte(route(name))}
	}
	configs, err := s.ListConfigs(b.Context(), LabelKind)
	if err != nil {
		b.Fatal(err)
	}
	c := NewConfigs(s, ConfigsOptions{})
	c.Read(configs)
	for b.Loop() {
		if got := c.Read(configs); len(got) != 10_000 {
			b.Fatal(len(got))
		}
	}
}
