package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/source"
)

// filesOf are the manifests that a command is given, as arguments or with -f.
func filesOf(command *cobra.Command, args, flag []string) ([]string, error) {
	files := append(append([]string{}, flag...), args...)
	if len(files) == 0 {
		return nil, usage(command, "name files or directories, or - for the standard input")
	}
	return files, nil
}

// read decodes manifests. What is wrong in them is told at once, line by line;
// the error then is only how much it was and what does not happen for it.
func (c *client) read(files []string, consequence string) ([]source.Document, error) {
	return c.check(files, consequence, func(*source.Document) source.Mistakes { return nil })
}

// readValid is read, and refuses what is not valid too.
func (c *client) readValid(files []string, consequence string) ([]source.Document, error) {
	return c.check(files, consequence, (*source.Document).Validate)
}

func (c *client) check(files []string, consequence string, validate func(*source.Document) source.Mistakes) ([]source.Document, error) {
	documents, err := source.Read(files, c.In)
	mistakes, others := takeApart(err)
	for i := range documents {
		mistakes = append(mistakes, c.place(&documents[i])...)
		mistakes = append(mistakes, validate(&documents[i])...)
	}
	c.tell(inOrder(mistakes, documents))
	switch {
	case len(others) > 0:
		return nil, errors.Join(others...)
	case len(mistakes) > 0:
		return nil, no("%s, %s", count(len(mistakes), "mistake"), consequence)
	case len(documents) == 0:
		return nil, errors.New("there is no object in what was given")
	}
	return documents, nil
}

// place puts a document that names no namespace into that of -n. The manifest
// stays as it is: the store keeps the namespace beside it.
func (c *client) place(d *source.Document) source.Mistakes {
	if c.namespace == "" || d.Namespace == c.namespace {
		return nil
	}
	if d.Namespace != "" {
		return source.Mistakes{{Source: d.Source, Line: d.LineOf("metadata.namespace"), Path: "metadata.namespace",
			Message: fmt.Sprintf("is %q, and -n says %q: make them equal, or leave -n out", d.Namespace, c.namespace)}}
	}
	d.Namespace = c.namespace
	switch {
	case d.Route != nil:
		d.Route.Metadata.Namespace = c.namespace
	case d.Issuer != nil:
		d.Issuer.Metadata.Namespace = c.namespace
	case d.Certificate != nil:
		d.Certificate.Metadata.Namespace = c.namespace
	}
	return nil
}

// inOrder sorts mistakes by file, in the order of the documents, and line.
func inOrder(mistakes source.Mistakes, documents []source.Document) source.Mistakes {
	order := map[string]int{}
	for i, d := range documents {
		if _, ok := order[d.Source]; !ok {
			order[d.Source] = i
		}
	}
	slices.SortStableFunc(mistakes, func(a, b source.Mistake) int {
		return cmp.Or(order[a.Source]-order[b.Source], a.Line-b.Line)
	})
	return mistakes
}

func (c *client) tell(mistakes source.Mistakes) {
	for _, m := range mistakes {
		c.warnf("%s\n", m)
	}
}

// takeApart takes joined errors apart: the user's mistakes, and what could not be read.
func takeApart(err error) (mistakes source.Mistakes, others []error) {
	switch err := err.(type) {
	case nil:
		return nil, nil
	case source.Mistakes:
		return err, nil
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			m, o := takeApart(e)
			mistakes, others = append(mistakes, m...), append(others, o...)
		}
		return mistakes, others
	}
	return nil, []error{err}
}
