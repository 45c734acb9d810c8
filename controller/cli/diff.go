package cli

import (
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
)

func (c *client) newDiff() *cobra.Command {
	var files []string
	command := &cobra.Command{
		Use:   "diff FILE|DIR|-...",
		Short: "Show what apply would change",
		Long: `Show what apply would change, as a unified diff of the manifest that is stored
and the one that is given. The exit code is 1 where they differ.`,
		Example: `  fairlead diff route.yaml`,
		RunE: func(command *cobra.Command, args []string) error {
			all, err := filesOf(command, args, files)
			if err != nil {
				return err
			}
			return c.diff(command, all)
		},
	}
	command.Flags().StringSliceVarP(&files, "filename", "f", nil, "file, directory or -; the same as an argument")
	return command
}

func (c *client) diff(command *cobra.Command, files []string) error {
	documents, err := c.read(files, "nothing was compared")
	if err != nil {
		return err
	}
	ctx := command.Context()
	return c.with(ctx, func(cluster Cluster) error {
		objects, err := listRaw(ctx, cluster)
		if err != nil {
			return err
		}
		stored, differ := byRef(objects), false
		for _, d := range documents {
			o, there := stored[refOf(d.Kind, d.Key())]
			name := "/dev/null"
			if there {
				name = o.Source
			}
			text := diff.Diff(name, o.Data, d.Source, d.Raw)
			differ = differ || text != nil
			c.printf("%s", text)
		}
		if differ {
			return errNo
		}
		return nil
	})
}
