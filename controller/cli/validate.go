package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/reconcile/plan"
)

func (c *client) newValidate() *cobra.Command {
	var files []string
	command := &cobra.Command{
		Use:   "validate FILE|DIR|-...",
		Short: "Check manifests, without a swarm",
		Long: `Check manifests, without a swarm: that they decode, that every object is valid, and
that no two Routes claim the same requests. The exit code is 1 where something
is wrong.`,
		Example: `  fairlead validate routes/`,
		RunE: func(command *cobra.Command, args []string) error {
			all, err := filesOf(command, args, files)
			if err != nil {
				return err
			}
			return c.validate(all)
		},
	}
	command.Flags().StringSliceVarP(&files, "filename", "f", nil, "file, directory or -; the same as an argument")
	return command
}

func (c *client) validate(files []string) error {
	documents, err := c.readValid(files, "not valid")
	if err != nil {
		return err
	}
	if conflicts := c.conflicts(documents); len(conflicts) > 0 {
		c.tell(conflicts)
		return no("%s, not valid", count(len(conflicts), "conflict"))
	}
	c.printf("%s, valid\n", kindCounts(documents))
	return nil
}

// kindCounts is "2 Routes", "1 Issuer, 1 Route".
func kindCounts(documents []source.Document) string {
	counts := map[string]int{}
	for i := range documents {
		counts[documents[i].Kind]++
	}
	var words []string
	for _, k := range sortedKeys(counts) {
		words = append(words, count(counts[k], k))
	}
	return strings.Join(words, ", ")
}

// conflicts finds Routes that claim what an earlier one has.
func (c *client) conflicts(documents []source.Document) source.Mistakes {
	in := plan.Input{Now: c.Now()}
	place := map[string]*source.Document{}
	for i := range documents {
		d := &documents[i]
		if d.Route == nil { // the others claim nothing
			continue
		}
		place[d.Key()] = d
		in.Objects = append(in.Objects, &plan.Object{Key: d.Key(), Generation: 1, Created: c.Now(), Route: d.Route, Cluster: d.Route.Spec.ServiceCluster})
	}
	var conflicts source.Mistakes
	for _, s := range statuses(in) {
		if conflicted, ok := s.Status.Get(v1alpha1.Conflicted); ok {
			d := place[s.Key]
			conflicts = append(conflicts, source.Mistake{Source: d.Source, Line: d.Line, Path: routeRef(s.Key), Message: fmt.Sprintf("%s: %s", conflicted.Reason, conflicted.Message)})
		}
	}
	return conflicts
}
