// Package command runs the commands that benchmarks consist of, and ends the process when one fails.
package command

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Must ends the process when there is an error.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// Run runs a command in dir.
func Run(dir string, args ...string) { run(dir, os.Environ(), args...) }

func run(dir string, env []string, args ...string) {
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Stderr, c.Env = dir, os.Stderr, env
	if err := c.Run(); err != nil {
		Must(fmt.Errorf("%s: %w", strings.Join(args, " "), err))
	}
}

// Build builds a package natively, or for wasip1 if the name of the binary ends in .wasm.
func Build(bin, dir, pkg string) {
	env := os.Environ()
	if strings.HasSuffix(bin, ".wasm") {
		env = append(env, "GOOS=wasip1", "GOARCH=wasm")
	}
	run(dir, env, "go", "build", "-o", bin, pkg)
}
