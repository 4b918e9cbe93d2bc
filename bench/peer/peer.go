// Package peer has what the benchmarks of time share: the other implementations as processes of their own, and the
// tables in docs/bench.md.
//
// Yaegi and wazero are libraries. Each runs in a process of the benchmark's own
// binary, started anew for each run, so that all peers pay for the start of a process:
//
//	bench -peer yaegi main.go
//	bench -peer wazero main.wasm            compiles the wasip1 build, then runs it
//	bench -peer wazero-cached main.wasm dir  the same with wazero's cache of compiled code in dir
package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"github.com/terrarium-go/terrarium/bench/command"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// Main runs a peer and ends the process if the command line names one. It comes first in main.
func Main() {
	if len(os.Args) < 4 || os.Args[1] != "-peer" {
		return
	}
	var err error
	switch name, file := os.Args[2], os.Args[3]; name {
	case "yaegi":
		err = runYaegi(file)
	case "wazero":
		err = runWazero(file, "")
	case "wazero-cached":
		err = runWazero(file, os.Args[4])
	default:
		err = fmt.Errorf("unknown peer %q", name)
	}
	command.Must(err)
	os.Exit(0)
}

func runYaegi(file string) error {
	i := interp.New(interp.Options{})
	if err := i.Use(stdlib.Symbols); err != nil {
		return err
	}
	_, err := i.EvalPath(file)
	return err
}

func runWazero(file, cache string) error {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ctx := context.Background()
	conf := wazero.NewRuntimeConfigCompiler()
	if cache != "" {
		c, err := wazero.NewCompilationCacheWithDir(cache)
		if err != nil {
			return err
		}
		conf = conf.WithCompilationCache(c)
	}
	r := wazero.NewRuntimeWithConfig(ctx, conf)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	_, err = r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithArgs(filepath.Base(file)).
		WithStdin(os.Stdin).WithStdout(os.Stdout).WithStderr(os.Stderr).WithSysWalltime().WithSysNanotime().WithSysNanosleep())
	var exit *sys.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 0 {
		err = nil
	}
	return err
}

// Self is the command line of a peer in a process of this binary.
func Self(args ...string) []string {
	exe, err := os.Executable()
	command.Must(err)
	return append([]string{exe, "-peer"}, args...)
}

// Median sorts v.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	sort.Float64s(v)
	return v[len(v)/2]
}

// Number is v with so many digits behind the point; nothing measured is a dash.
func Number(v float64, digits int) string {
	if v == 0 {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// Ratio is a / b, or a dash.
func Ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return Number(a/b, 2)
}

// Section puts a text between the lines that begin and end the named section of a file,
// or at its end if there is no such section yet.
func Section(file, name, text string) error {
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(begin))
	var after []byte
	if found {
		_, after, _ = bytes.Cut(rest, []byte(end))
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(begin + text + end)
	b.Write(after)
	return os.WriteFile(file, b.Bytes(), 0o644)
}
