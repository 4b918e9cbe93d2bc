package main

import (
	"context"
	"path/filepath"
	"regexp"

	"github.com/terrarium-go/terrarium/internal/vmtest"
)

func programs(ctx context.Context, args []string) int {
	fs := flags("programs")
	run := fs.String("run", "", "only programs whose name matches the `regexp`")
	modeNames := fs.String("modes", "default", "modes: default, all, or names: "+vmtest.ModeNames())
	dir := fs.String("dir", "testdata/run,testdata/regression", "folders with programs")
	verbose := fs.Bool("v", false, "name every run, and show all of its failure")
	asJSON := fs.Bool("json", false, "print a JSON line for each run")
	workers := fs.Int("p", 2, "programs at the same time")
	escape := escapeFlag(fs)
	fs.Parse(args)

	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	var progs []vmtest.Program
	for _, d := range splitList(*dir) {
		list, err := vmtest.Programs(d, match)
		if err != nil {
			return misuse(err)
		}
		progs = append(progs, list...)
	}
	v := newVerdicts(*verbose, *asJSON, "programs")
	var jobs []vmtest.Job
	for i := range progs {
		p := &progs[i]
		modes, err := vmtest.Modes(*modeNames, p.Stress)
		if err != nil {
			return misuse(err)
		}
		for _, m := range modes {
			if why := p.Skip[m.Name]; why != "" {
				v.skip(filepath.Base(p.Path)+" ["+m.Name+"]", why)
			}
		}
		jobs = append(jobs, p.Job(modes))
		jobs[i].Heap = !*escape
		v.total += len(jobs[i].Modes)
	}
	pool := vmtest.Pool{Verb: []string{workerVerb}, Workers: *workers, Outcome: func(j *vmtest.Job, o vmtest.Outcome) {
		p := &progs[j.ID]
		name := filepath.Base(p.Path) + " [" + o.Mode + "]"
		want, err := vmtest.Real(ctx, j)
		if err != nil {
			v.add(name, "real toolchain: "+err.Error(), 0)
			return
		}
		v.add(name, p.Judge(&want, &o), o.Compile+o.Run)
	}}
	if err := pool.Run(ctx, jobs); err != nil {
		return misuse(err)
	}
	return v.end()
}
