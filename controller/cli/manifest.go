package cli

import (
	"errors"

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
	documents, err := source.Read(files, c.In)
	if err != nil {
		mistakes, others := takeApart(err)
		c.tell(mistakes)
		if len(others) > 0 {
			return nil, errors.Join(others...)
		}
		return nil, no("%s, %s", count(len(mistakes), "mistake"), consequence)
	}
	if len(documents) == 0 {
		return nil, errors.New("there is no object in what was given")
	}
	return documents, nil
}

// readValid is read, and refuses what is not valid too.
func (c *client) readValid(files []string, consequence string) ([]source.Document, error) {
	documents, err := c.read(files, consequence)
	if err != nil {
		return nil, err
	}
	var mistakes source.Mistakes
	for i := range documents {
		mistakes = append(mistakes, documents[i].Validate()...)
	}
	if len(mistakes) > 0 {
		c.tell(mistakes)
		return nil, no("%s, %s", count(len(mistakes), "mistake"), consequence)
	}
	return documents, nil
}

func (c *client) tell(mistakes source.Mistakes) {
	for _, m := range mistakes {
		c.warnf("%s\n", m)
	}
}

// takeApart takes joined errors apart: the user's mistakes, and what could not be read.
func takeApart(err error) (mistakes source.Mistakes, others []error) {
	switch err := err.(type) {
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
