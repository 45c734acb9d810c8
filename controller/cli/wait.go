package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// target is an object to wait for, at this generation or a later one.
type target struct {
	ref        string
	generation int64
}

// waiting is what to wait for.
type waiting struct {
	targets []target
	// condition is a type of Condition, or "delete".
	condition string
	timeout   time.Duration
}

const forDelete = "delete"

func (c *client) newWait() *cobra.Command {
	var condition string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "wait [KIND/]NAME...",
		Short: "Wait until objects are Ready",
		Long: `Wait until objects are Ready, or another Condition is True, or they are deleted.
The exit code is 1 where that is not so in time, or cannot become so.`,
		Example: `  fairlead wait route/demo --timeout 30s
  fairlead wait route/demo --for=Accepted
  fairlead wait route/demo --for=delete`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			s := selectionOf(args)
			if len(s.names) == 0 {
				return usage(command, "name the objects to wait for")
			}
			condition, err := conditionOf(command, condition)
			if err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				w := waiting{condition: condition, timeout: timeout}
				if w.targets, err = c.targets(command.Context(), cluster, s.names, condition); err != nil {
					return err
				}
				return c.wait(command.Context(), cluster, w)
			})
		},
	}
	command.Flags().StringVar(&condition, "for", v1alpha1.Ready, "Condition to wait for: Accepted, ResolvedRefs, Programmed, Ready; or delete")
	command.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long at most")
	return command
}

// conditionOf reads --for, also as kubectl writes it: "condition=Ready".
func conditionOf(command *cobra.Command, word string) (string, error) {
	word = strings.TrimPrefix(word, "condition=")
	known := []string{v1alpha1.Accepted, v1alpha1.ResolvedRefs, v1alpha1.Programmed, v1alpha1.Ready, forDelete}
	i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, word) })
	if i < 0 {
		return "", usage(command, "--for=%s: must be %s", word, strings.Join(known, ", "))
	}
	return known[i], nil
}

// targets are the objects that names mean. With "delete" one that is not there
// is fine.
func (c *client) targets(ctx context.Context, cluster Cluster, names []wanted, condition string) ([]target, error) {
	objects, err := c.list(ctx, cluster)
	if err != nil {
		return nil, err
	}
	var targets []target
	for _, w := range names {
		o, err := c.find(objects, w)
		switch {
		case err == nil:
			targets = append(targets, target{o.ref(), o.Generation})
		case condition == forDelete:
			targets = append(targets, target{ref: w.ref()})
		default:
			return nil, err
		}
	}
	return targets, nil
}

// wait returns when all targets are as they should be. A failing API is asked
// again until the time is over.
func (c *client) wait(ctx context.Context, cluster Cluster, w waiting) error {
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	said := map[string]string{}
	var failed error
	err := poll(ctx, c.Every, func() (bool, error) {
		var objects []object
		if objects, failed = listRaw(ctx, cluster); failed == nil {
			return c.look(byRef(objects), &w, said)
		}
		return false, nil // it is asked again
	})
	if err != nil || len(w.targets) == 0 {
		return err
	}
	if parent.Err() != nil {
		return parent.Err()
	}
	if failed != nil && !errors.Is(failed, context.DeadlineExceeded) {
		return failed
	}
	t := w.targets[0]
	return no("%s is not %s after %s: %s", t.ref, participle(w.condition), w.timeout, said[t.ref])
}

// look drops the targets that are done, and says what the others wait for.
func (c *client) look(objects map[string]object, w *waiting, said map[string]string) (bool, error) {
	var left []target
	for _, t := range w.targets {
		o, there := objects[t.ref]
		done, why, err := w.ask(t, o, there)
		if err != nil {
			return false, err
		}
		if done {
			c.printf("%s is %s\n", t.ref, participle(w.condition))
			continue
		}
		if said[t.ref] != why && c.Terminal {
			c.warnf("%s: %s\n", t.ref, why)
		}
		said[t.ref] = why
		left = append(left, t)
	}
	w.targets = left
	return len(left) == 0, nil
}

// ask says whether t is done, why not, or that it never will be.
func (w *waiting) ask(t target, o object, there bool) (done bool, why string, err error) {
	switch {
	case w.condition == forDelete:
		return !there, "it is still there", nil
	case !there:
		return false, "", no("%s was deleted meanwhile", t.ref)
	case o.Status.Is(w.condition, o.Generation) && o.Generation >= t.generation:
		return true, "", nil
	}
	if c, ok := o.Status.Get(v1alpha1.Accepted); ok && c.ObservedGeneration == o.Generation && hopeless(c) {
		return false, "", no("%s will not become %s: %s: %s", t.ref, w.condition, c.Reason, c.Message)
	}
	reason, message := o.verdict()
	return false, sayReason(reason, message), nil
}

// hopeless says whether only another generation can help.
func hopeless(accepted v1alpha1.Condition) bool {
	return accepted.Status == v1alpha1.False && slices.Contains(
		[]string{v1alpha1.ReasonInvalid, v1alpha1.ReasonUnsupportedValue, v1alpha1.ReasonIncompatibleFilters}, accepted.Reason)
}

func sayReason(reason, message string) string {
	if message == "" {
		return reason
	}
	return fmt.Sprintf("%s: %s", reason, message)
}

func participle(condition string) string {
	if condition == forDelete {
		return "deleted"
	}
	return condition
}
