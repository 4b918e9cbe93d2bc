package vmtest

import (
	"os"
	"strings"
	"testing"
)

// TestMain makes the test binary a worker, or a limit process, when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		var err error
		switch os.Args[1] {
		case "serve-jobs":
			err = Serve(os.Stdin, os.Stdout)
		case "serve-limit":
			err = ServeLimit(os.Stdout, os.Args[2:])
		default:
			os.Exit(m.Run())
		}
		if err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestPrograms runs all programs in the default mode, and some in the stress modes.
func TestPrograms(t *testing.T) {
	for _, dir := range []string{"../../testdata/run", "../../testdata/regression"} {
		progs, err := Programs(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		var jobs []Job
		for i := range progs {
			names := "default"
			if i%5 == 0 && !testing.Short() {
				names = "default,gcevery,movestack,poison,yield"
			}
			modes, err := Modes(names, progs[i].Stress)
			if err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, progs[i].Job(modes))
		}
		pool := Pool{Verb: []string{"serve-jobs"}, Workers: 2, Outcome: func(j *Job, o Outcome) {
			want, err := Real(t.Context(), j)
			if err != nil {
				t.Error(err)
			} else if text := progs[j.ID].Judge(&want, &o); text != "" {
				t.Errorf("%s in mode %s: %s", progs[j.ID].Name, o.Mode, text)
			}
		}}
		if err := pool.Run(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLimits runs three of the programs that ask for more than they get.
func TestLimits(t *testing.T) {
	progs, err := Programs("../../testdata/limit", nil)
	if err != nil {
		t.Fatal(err)
	}
	l := Limits{Verb: []string{"serve-limit"}, Memory: 64 << 20}
	defer l.End()
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range progs {
		if p := &progs[i]; p.Name == "append" || p.Name == "goroutines" || p.Name == "panics" {
			if _, text := l.Run(t.Context(), p); text != "" {
				t.Errorf("%s: %s", p.Name, text)
			}
		}
	}
}

// TestGoTests lists the distribution's tests, if it has them, and runs a few.
func TestGoTests(t *testing.T) {
	tc, err := Toolchain()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tc.Root + "/test"); err != nil {
		t.Skip("this Go distribution comes without its test folder")
	}
	tests, err := GoTests(tc.Root, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(tests) < 1100 {
		t.Errorf("%d tests, want 1100 or more", len(tests))
	}
	few := map[string]bool{"helloworld.go": true, "chan/sieve1.go": true, "peano.go": true, "typeparam/ordered.go": true, "ken/intervar.go": true,
		"args.go": true, "abi/leaf.go": true, "fixedbugs/bug191.go": true, "fixedbugs/issue29612.go": true}
	modes, err := Modes("default", 0)
	if err != nil {
		t.Fatal(err)
	}
	var jobs []Job
	var of []*GoTest
	tmp := t.TempDir()
	for i := range tests {
		if few[tests[i].Path] {
			j, err := tests[i].Job(tc.Root, tmp, 60e9, modes)
			if err != nil {
				t.Fatal(err)
			}
			jobs, of = append(jobs, j), append(of, &tests[i])
		}
	}
	if len(jobs) != len(few) {
		t.Errorf("found %d of %d tests", len(jobs), len(few))
	}
	pool := Pool{Verb: []string{"serve-jobs"}, Workers: 2, Env: []string{"GOROOT=" + tc.Root}, Outcome: func(j *Job, o Outcome) {
		if text := of[j.ID].Judge(&o); text != "" {
			t.Errorf("%s: %s", of[j.ID].Path, text)
		}
	}}
	if err := pool.Run(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
}

// TestPool has a worker die: the job that it had is a crash, the others are done.
func TestPool(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/p.go"
	if err := os.WriteFile(file, []byte("package main\n\nfunc main() { println(1) }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	good := Job{Files: []string{file}, Dir: dir, Modes: []Mode{{Name: "m", Procs: 1}, {Name: "n", Procs: 1}}, Timeout: 30e9}
	bad := good
	bad.Modes = []Mode{{Name: crashMode}, {Name: "n", Procs: 1}}
	got := map[int]string{}
	pool := Pool{Verb: []string{"serve-jobs"}, Workers: 1, Outcome: func(j *Job, o Outcome) {
		got[j.ID] += o.Mode + " " + o.End + " " + o.Stderr + strings.Split(o.Err, "\n")[0] + ";"
	}}
	if err := pool.Run(t.Context(), []Job{good, bad, good}); err != nil {
		t.Fatal(err)
	}
	fine := "m normal 1\n;n normal 1\n;"
	if got[0] != fine || got[2] != fine {
		t.Errorf("good jobs: %q, %q", got[0], got[2])
	}
	if want := crashMode + " crash BUG: crash: panic: asked to crash;n normal 1\n;"; got[1] != want {
		t.Errorf("crashing job: %q, want %q", got[1], want)
	}
}
