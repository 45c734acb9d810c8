// Command image makes the image of Fairlead around bin/fairlead: an archive for
// `docker load`, and where an engine answers it is loaded there at once. It
// needs no registry. The Dockerfile at the root makes the same image for those
// who prefer `docker build`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"fairlead.dev/fairlead/hack/image"
)

// maxSize is what the image may weigh, in bytes.
const maxSize = 30 << 20

func main() {
	var s image.Spec
	flag.StringVar(&s.Binary, "binary", "bin/fairlead", "the static binary")
	flag.StringVar(&s.Name, "name", "fairlead:latest", "name and tag")
	out := flag.String("out", "bin/fairlead-image.tar", "the archive")
	flag.Parse()
	if err := run(s, *out); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(s image.Spec, out string) error {
	id, err := image.WriteFile(out, s)
	if err != nil {
		return err
	}
	stat, err := os.Stat(out)
	if err != nil {
		return err
	}
	if stat.Size() > maxSize {
		return fmt.Errorf("%s has %.1f MB, more than %d", out, float64(stat.Size())/(1<<20), maxSize>>20)
	}
	fmt.Printf("%s  %s  %s  %.1f MB\n", s.Name, id, out, float64(stat.Size())/(1<<20))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if exec.CommandContext(ctx, "docker", "version").Run() != nil {
		fmt.Printf("no engine answers; load it elsewhere with: docker load -i %s\n", out)
		return nil
	}
	load := exec.CommandContext(ctx, "docker", "load", "-i", out)
	load.Stdout, load.Stderr = os.Stdout, os.Stderr
	return load.Run()
}
