package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/terrarium-go/terrarium/internal/vmtest"
)

func limits(ctx context.Context, args []string) int {
	fs := flags("limits")
	run := fs.String("run", "", "only programs whose name matches the `regexp`")
	dir := fs.String("dir", "testdata/limit", "folder with programs")
	memory := fs.Uint64("memory", 64<<20, "limit in `bytes`")
	verbose := fs.Bool("v", false, "show all of a failure")
	fs.Parse(args)

	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	progs, err := vmtest.Programs(*dir, match)
	if err != nil {
		return misuse(err)
	}
	v := newVerdicts(*verbose, false, "limits")
	v.total = len(progs)
	l := vmtest.Limits{Verb: []string{limitVerb}, Memory: *memory}
	defer l.End()
	if err := l.Start(ctx); err != nil {
		return misuse(err)
	}
	fmt.Printf("limit %d MiB; a process with an innocent program has %d MiB\n\n%-14s %12s %12s %8s  %s\n", *memory>>20, l.Base()>>20, "program", "account MiB", "process MiB", "s", "end")
	for i := range progs {
		r, text := l.Run(ctx, &progs[i])
		fmt.Printf("%-14s %12.1f %12.1f %8.1f  %s, exit code %d\n", progs[i].Name, mib(r.First.Peak), mib(r.RSS), r.First.Run.Seconds(), r.First.End, r.First.ExitCode)
		v.add(progs[i].Name, text, r.First.Run)
		if ctx.Err() != nil {
			return misuse(ctx.Err())
		}
	}
	return v.end()
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }
