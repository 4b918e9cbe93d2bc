package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/cache"
)

// finding is one line of the doctor's report.
type finding struct {
	ok   bool
	what string
	hint string // what to do about it, or what fails without it
}

func runDoctor(c *command, args []string) int {
	fs := c.flags()
	if code, done := parse(fs, args); done {
		return code
	}
	code := 0
	for _, f := range examine() {
		mark := "ok      "
		if !f.ok {
			mark, code = "MISSING ", 1
		}
		fmt.Println(mark + f.what)
		if !f.ok && f.hint != "" {
			fmt.Println("        " + f.hint)
		}
	}
	return code
}

// examine looks at everything that commands need, the most basic first.
func examine() []finding {
	var list []finding
	add := func(err error, what, hint string) bool {
		if err != nil {
			what += ": " + err.Error()
		}
		list = append(list, finding{err == nil, what, hint})
		return err == nil
	}
	host := fmt.Sprintf("host %s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	var err error
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		err = fmt.Errorf("not supported")
	}
	add(err, host, "supported are linux and darwin on amd64 and arm64")

	dir, err := os.MkdirTemp("", "terrarium-doctor")
	if !add(err, "temporary folder "+os.TempDir(), "set TMPDIR to a folder that can be written") {
		return list
	}
	defer os.RemoveAll(dir)

	hello := filepath.Join(dir, "hello.go")
	err = os.WriteFile(hello, []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"), 0o644)
	start := time.Now()
	var p *terrarium.Program
	if err == nil {
		p, err = terrarium.Compile(context.Background(), terrarium.Options{Args: []string{hello}})
	}
	took := time.Since(start).Round(time.Millisecond)
	if add(err, fmt.Sprintf("Go distribution and compiler (a small program took %v)", took), "install Go, put it in PATH or set GOROOT; images (terrarium build) run without it") {
		var out bytes.Buffer
		start = time.Now()
		res, err := p.Run(context.Background(), terrarium.Config{Memory: 64 << 20, Stdout: &out, Stderr: &out})
		if err == nil && (res.ExitCode != 0 || out.String() != "hello\n") {
			err = fmt.Errorf("exit code %d, printed %q", res.ExitCode, out.String())
		}
		add(err, fmt.Sprintf("running it with 64 MiB (%v)", time.Since(start).Round(time.Millisecond)), "address space is reserved for each program: check ulimit -v, and that memory may be mapped")
	}

	tool, err := exec.LookPath("go")
	what := "go command for modules and tests"
	if err == nil {
		what += ": " + tool
		if out, e := exec.Command(tool, "version").Output(); e == nil {
			what += " (" + strings.TrimSpace(string(out)) + ")"
		}
	}
	add(err, what, "programs that import modules, and terrarium test, need it")

	cached, err := cache.UserDir()
	what = "cache of compiled programs"
	switch {
	case err != nil:
	case cached == "":
		what += " (off: TERRARIUM_CACHE)"
	default:
		what += " " + cached
		if _, err = cache.Open(cached, 0); err == nil {
			var f *os.File
			if f, err = os.CreateTemp(cached, "tmp-"); err == nil {
				f.Close()
				os.Remove(f.Name())
			}
		}
	}
	add(err, what, "programs are compiled at every start; set TERRARIUM_CACHE to a folder that can be written")
	return list
}
