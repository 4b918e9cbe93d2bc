package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// gotest runs the tests of the Go distribution's test folder.
func gotest(ctx context.Context, args []string) int {
	fs := flags("gotest")
	run := fs.String("run", "", "only tests whose path matches the `regexp`")
	verbose := fs.Bool("v", false, "name every test, and show all of its failure")
	asJSON := fs.Bool("json", false, "print a JSON line for each test")
	timeout := fs.Duration("timeout", 60*time.Second, "for each test")
	workers := fs.Int("p", 2, "tests at the same time")
	modeNames := fs.String("modes", "default", "modes: default, all, or names")
	every := fs.Int("every", 0, "in modes gcevery, beside and storm: a collection at every `N`th allocation (0: 97)")
	kinds := fs.String("kinds", "", "only tests of these kinds: run, rundir, runindir, runoutput, errorcheckandrundir, buildrun")
	junit := fs.String("junit", "", "write a JUnit report to this `file`")
	list := fs.Bool("list", false, "list the tests and do not run them")
	escape := escapeFlag(fs)
	fs.Parse(args)

	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	tc, err := vmtest.Toolchain()
	if err != nil {
		return misuse(err)
	}
	tests, err := vmtest.GoTests(tc.Root, match, splitList(*kinds))
	if err != nil {
		return misuse(err)
	}
	modes, err := vmtest.Modes(*modeNames, *every)
	if err != nil {
		return misuse(err)
	}
	if *list {
		for _, t := range tests {
			fmt.Println(strings.TrimRight(strings.Join([]string{t.Path, t.Kind, strings.Join(t.Args, " "), t.Skip}, "\t"), "\t"))
		}
		return 0
	}
	tmp, err := os.MkdirTemp("", "gotest")
	if err != nil {
		return misuse(err)
	}
	defer os.RemoveAll(tmp)
	v := newVerdicts(*verbose, *asJSON, "gotest")
	var jobs []vmtest.Job
	var of []*vmtest.GoTest
	for i := range tests {
		if t := &tests[i]; t.Skip != "" {
			v.skip(t.Path, t.Skip)
		} else {
			j, err := t.Job(tc.Root, tmp, *timeout, modes)
			if err != nil {
				v.add(t.Path, err.Error(), 0)
				continue
			}
			j.Heap = !*escape
			jobs = append(jobs, j)
			of = append(of, t)
		}
	}
	v.total = len(jobs) * len(modes)
	pool := vmtest.Pool{Verb: []string{workerVerb}, Workers: *workers, Env: []string{"GOROOT=" + tc.Root}, Outcome: func(j *vmtest.Job, o vmtest.Outcome) {
		t := of[j.ID]
		name := t.Path
		if len(modes) > 1 {
			name += " [" + o.Mode + "]"
		}
		v.add(name, t.Judge(&o), o.Compile+o.Run)
	}}
	if err := pool.Run(ctx, jobs); err != nil {
		return misuse(err)
	}
	return v.endJUnit(*junit)
}

func misuse(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 2
}
