package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/lower"
	"github.com/terrarium-go/terrarium/internal/tree"
)

func runDump(c *command, args []string) int {
	fs := c.flags()
	stage := fs.String("stage", "bytecode", "what to print: "+strings.Join(lower.Stages, ", "))
	var m machineFlags
	m.registerCompile(fs)
	if code, done := parse(fs, args); done {
		return code
	}
	if fs.NArg() == 0 {
		fs.Usage()
		return 2
	}
	names, rest := load.SplitArgs(fs.Args())
	name := strings.Join(rest, " ")
	l, err := load.Load(&load.Config{Tags: m.build.tagList(), Env: m.build.env()}, names...)
	if err != nil {
		return notBuilt(err)
	}
	u, err := lower.CompileUnit(tree.NewProgram(l), lower.Options{GoVersion: l.GoVersion, Main: l.Main.Path, NoEscape: !bool(m.escape)})
	if err != nil {
		return fail(1, err)
	}
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	if err := u.Dump(w, *stage, name); err != nil {
		return fail(1, err)
	}
	return 0
}

// Version is the version of Terrarium.
const Version = "0.1.0"

func runVersion(c *command, args []string) int {
	fmt.Printf("terrarium %s, built with %s for %s/%s\n", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return 0
}
