package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/dialect"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// importFlags are those of import.
type importFlags struct {
	files, dialects []string
	services        []string
	stack           string
	dir             string
	report, format  string
	check, open     bool
}

const importLong = `Make Routes of the labels with which services told other products what to route.
The services are those of the swarm, or those of a compose file (-f), which is
read as "docker stack deploy" would read it with the name in --stack.

  interlock    com.docker.lb.*            Interlock 2 and 3 (Docker EE, UCP, MKE)
  interlock1   interlock.*                Interlock 1
  hrm          com.docker.ucp.mesh.http   the HTTP routing mesh of UCP 2
  traefik      traefik.*                  Traefik 2 and 3
  caddy        caddy, caddy.*             caddy-docker-proxy
  flow         com.df.*                   Docker Flow Proxy

The Routes go to the standard output, or one to a file into the directory of -o.
What became of each label is reported on the standard error, or in the file of
--report: translated (to which field), adapted (with a difference to know),
needless, or lost (why, and what to do). No label is passed over in silence.

Where a label that kept requests out is lost, such as a password, the Route would
let everybody in. It is not written, unless --write-open says so.

Certificates that other products ordered by themselves become Docker secrets
named after the host: demo.local.cert and demo.local.key. Services with equal
labels but for their names, as in a canary, become one Route with weights.

Labels of Interlock 2 and 3 need no import to be served: "fairlead run" follows
them. To have the Routes as files instead, apply what is imported, and remove the
labels; until then the operator says that somebody else has these objects.

To move: import into a directory, read the report, create the secrets, apply, and
take the ports over. Until the labels are gone, --check says what differs between
them and the Routes that are stored; then the exit code is 1.`

func (c *client) newImport() *cobra.Command {
	f := importFlags{}
	command := &cobra.Command{
		Use:   "import [SERVICE...]",
		Short: "Make Routes of the labels of Interlock, Traefik, Caddy and others",
		Long:  importLong,
		Example: `  fairlead import -o routes/
  fairlead import shop_web --dialect traefik
  fairlead import -f docker-compose.yml --stack shop | fairlead apply -
  fairlead import --check`,
		RunE: func(command *cobra.Command, args []string) error {
			f.services = args
			return c.runImport(command, f)
		},
	}
	flags := command.Flags()
	flags.StringSliceVarP(&f.files, "filename", "f", nil, "compose file, or -; later ones go over earlier ones")
	flags.StringVar(&f.stack, "stack", "", "name of the stack: whose services are read, or with -f what they are deployed as (the same as -n)")
	flags.StringSliceVar(&f.dialects, "dialect", nil, "read only these labels: "+strings.Join(dialect.Names(), ", "))
	flags.StringVarP(&f.dir, "output", "o", "", "directory to write the Routes to, each into a file")
	flags.StringVar(&f.report, "report", "", "file to write the report to, or - for the standard output")
	flags.StringVar(&f.format, "report-format", formatTable, "format of the report: table or json")
	flags.BoolVar(&f.check, "check", false, "write no Routes: compare them with those that are stored")
	flags.BoolVar(&f.open, "write-open", false, "write also Routes that let in whom a lost label kept out")
	return command
}

func (f *importFlags) wrong() string {
	for _, name := range f.dialects {
		if !slices.Contains(dialect.Names(), name) {
			return "--dialect " + name + ": must be one of " + strings.Join(dialect.Names(), ", ")
		}
	}
	switch {
	case f.format != formatTable && f.format != formatJSON:
		return "--report-format " + f.format + ": must be table or json"
	case f.check && f.dir != "":
		return "--check writes nothing: leave -o out"
	case f.report == "-" && f.dir == "" && !f.check:
		return "--report - and the Routes cannot both go to the standard output: add -o DIR"
	}
	return ""
}

func (c *client) runImport(command *cobra.Command, f importFlags) error {
	f.stack = cmp.Or(f.stack, c.namespace)
	if why := f.wrong(); why != "" {
		return usage(command, "%s", why)
	}
	ctx := command.Context()
	if len(f.files) == 0 || f.check {
		return c.with(ctx, func(cluster Cluster) error { return c.importFrom(ctx, cluster, f) })
	}
	return c.importFrom(ctx, Cluster{}, f)
}

func (c *client) importFrom(ctx context.Context, cluster Cluster, f importFlags) error {
	services, err := c.labelled(ctx, cluster, &f)
	if err != nil {
		return err
	}
	i, err := c.newImported(services, f)
	if err != nil {
		return err
	}
	if len(i.Entries) == 0 {
		return no("no label of %s was found in %s", orOf(f.dialects), count(len(services), "service"))
	}
	if f.check {
		differ, err := c.checkImported(ctx, cluster, i)
		return errors.Join(c.reportImported(i, f), err, differ)
	}
	return errors.Join(c.writeImported(i, f), c.reportImported(i, f))
}

// orOf names the dialects that are read.
func orOf(names []string) string {
	if len(names) == 0 {
		names = dialect.Names()
	}
	return strings.Join(names, ", ")
}

// imported is what came out.
type imported struct {
	dialect.Result
	// withheld are Routes that are not written because they are open.
	withheld []labels.Route
	// conflicts are Routes that claim what others have.
	conflicts []string
}

// newImported translates, and keeps what was asked for.
func (c *client) newImported(services []*labels.Service, f importFlags) (*imported, error) {
	i := &imported{Result: dialect.Translate(services, f.dialects...)}
	if err := i.keep(services, f.services); err != nil {
		return nil, err
	}
	if !f.open {
		i.Routes = slices.DeleteFunc(i.Routes, func(r labels.Route) bool {
			if len(r.Open) > 0 {
				i.withheld = append(i.withheld, r)
			}
			return len(r.Open) > 0
		})
	}
	i.conflicts = c.conflictsOf(i.Routes)
	return i, nil
}

// keep leaves only what concerns the services with these names, whole or short.
func (i *imported) keep(services []*labels.Service, names []string) error {
	if len(names) == 0 {
		return nil
	}
	chosen := map[string]bool{}
	for _, name := range names {
		found := false
		for _, s := range services {
			if s.Name == name || s.Short() == name {
				chosen[s.Name], found = true, true
			}
		}
		if !found {
			return no("service %s: there is no such service", name)
		}
	}
	i.Routes = slices.DeleteFunc(i.Routes, func(r labels.Route) bool { return !chosen[r.Service.Name] })
	i.Entries = slices.DeleteFunc(i.Entries, func(e labels.Entry) bool { return !chosen[e.Service] })
	i.Later = slices.DeleteFunc(i.Later, func(l string) bool {
		return !slices.ContainsFunc(i.Routes, func(r labels.Route) bool { return strings.HasPrefix(l, routeRef(r.Metadata.Key())+":") })
	})
	return nil
}
