package cli

import (
	"cmp"
	"runtime"

	"github.com/spf13/cobra"
)

func (c *client) newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			format, err := c.format(command, formatTable, formatJSON, formatYAML)
			if err != nil {
				return err
			}
			version := cmp.Or(c.Version, "development")
			if format != formatTable {
				return c.print(format, map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			c.printf("fairlead %s, %s, %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
