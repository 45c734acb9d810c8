package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/doctor"
)

// ExitError is an error with the exit code that it asks for.
type ExitError struct {
	Code int
	// Err is nil where everything has been said already.
	Err error
}

// Error is that of Err.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

// no is the answer no: exit code 1, with what there is to say about it.
func no(format string, args ...any) error { return &ExitError{1, fmt.Errorf(format, args...)} }

// errNo is the answer no where the output says it already.
var errNo = &ExitError{Code: 1}

// client is what all commands share.
type client struct {
	Config
	connection ConnOptions
	namespace  string
	output     string
}

// New returns the root command with all commands of the client. The program
// adds those that need more than a Cluster, and hands it to Execute.
func New(c Config) *cobra.Command {
	c.In = cmp.Or[io.Reader](c.In, os.Stdin)
	c.Out = cmp.Or[io.Writer](c.Out, os.Stdout)
	c.Err = cmp.Or[io.Writer](c.Err, os.Stderr)
	c.Every = cmp.Or(c.Every, 250*time.Millisecond)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Port == nil {
		c.Port = doctor.Look
	}
	return newRoot(&client{Config: c})
}

func newRoot(c *client) *cobra.Command {
	root := &cobra.Command{
		Use:   "fairlead",
		Short: "Routes for Docker Swarm: declare, reconcile, serve, report",
		Long: `Routes for Docker Swarm: declare, reconcile, serve, report.

Write Routes in YAML, apply them, and see what became of them. The commands need
the API of a swarm manager and find it as the docker command does; "fairlead run"
is the operator that serves the Routes.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(c.In)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	flags := root.PersistentFlags()
	flags.StringVarP(&c.connection.Host, "host", "H", "", "address of the Docker API of a swarm manager (default: as the docker command)")
	flags.StringVarP(&c.connection.Context, "context", "c", "", "docker context to use")
	flags.StringVarP(&c.namespace, "namespace", "n", "", "namespace of the objects")
	flags.StringVarP(&c.output, "output", "o", "", "output format: table, wide, json, yaml or name, where the command has it")
	root.AddGroup(&cobra.Group{ID: groupObjects, Title: "Objects:"}, &cobra.Group{ID: groupAnswers, Title: "Answers:"})
	c.addCommands(root)
	return root
}

const (
	groupObjects = "objects"
	groupAnswers = "answers"
)

func (c *client) addCommands(root *cobra.Command) {
	for _, command := range []*cobra.Command{c.newApply(), c.newGet(), c.newDescribe(), c.newDelete(), c.newHistory(), c.newRollback(), c.newImport(), c.newCertificate()} {
		command.GroupID = groupObjects
		root.AddCommand(command)
	}
	for _, command := range []*cobra.Command{c.newStatus(), c.newWait(), c.newDiff(), c.newValidate(), c.newExplain(), c.newTrace(), c.newDoctor()} {
		command.GroupID = groupAnswers
		root.AddCommand(command)
	}
	root.AddCommand(c.newVersion())
}

// Execute runs the command that args name, says what went wrong, and returns
// the exit code.
func Execute(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	var exit *ExitError
	if !errors.As(err, &exit) {
		exit = &ExitError{2, err}
	}
	if exit.Err != nil {
		fmt.Fprintf(root.ErrOrStderr(), "%s: %s\n", command.CommandPath(), exit.Err)
	}
	return exit.Code
}

// with connects, runs do, and closes the connection.
func (c *client) with(ctx context.Context, do func(Cluster) error) (err error) {
	cluster, err := c.Connect(ctx, c.connection)
	if err != nil {
		return err
	}
	if cluster.Close != nil {
		defer func() { err = cmp.Or(err, cluster.Close()) }()
	}
	return do(cluster)
}

// usage is an error in how the command was called.
func usage(command *cobra.Command, format string, args ...any) error {
	return fmt.Errorf("%s; see %s --help", fmt.Sprintf(format, args...), command.CommandPath())
}
