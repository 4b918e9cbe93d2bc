// Start measures how long programs take from the start of the process to its end,
// for a program that prints one line and for one that serves and asks one HTTP request in its own process:
//
//	cd bench && go run ./start
//	cd bench && go run ./start -rounds 10 -o ../docs/bench.md
//
// The ways of running a program take turns within a round. Reported are the
// median of the wall time and of the processor time (user and system, all threads): the first is
// what a person waits on a quiet machine, the second repeats on a busy one.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/bench/command"
	"github.com/terrarium-go/terrarium/bench/peer"
)

var (
	rounds = flag.Int("rounds", 10, "runs of each; the median counts")
	limit  = flag.Duration("limit", time.Minute, "most time of one run")
	out    = flag.String("o", "", "also write the table to its section of this file")
)

// way is one way of running a program.
type way struct {
	name string
	goal string // ms, as documented
	cmd  func(p *program) []string
}

// program is one of the programs and where its builds are.
type program struct{ name, src, native, wasm, image, cache string }

func main() {
	peer.Main()
	flag.Parse()
	tmp, err := os.MkdirTemp("", "terrarium-start")
	command.Must(err)
	defer os.RemoveAll(tmp)
	terrarium := filepath.Join(tmp, "terrarium")
	command.Build(terrarium, "..", "./cmd/terrarium")
	os.Setenv("TERRARIUM_CACHE", filepath.Join(tmp, "cache"))

	var programs []*program
	for _, name := range []string{"hello", "web"} {
		at := func(suffix string) string { return filepath.Join(tmp, name+suffix) }
		p := &program{name, filepath.Join("start", "programs", name, "main.go"), at(""), at(".wasm"), at(".terra"), at(".wazero")}
		command.Build(p.native, ".", "./start/programs/"+name)
		command.Build(p.wasm, ".", "./start/programs/"+name)
		build := exec.Command(terrarium, "build", "-o", p.image, p.src)
		build.Stderr = os.Stderr
		command.Must(build.Run())
		programs = append(programs, p)
	}
	ways := []way{
		{name: "native binary", cmd: func(p *program) []string { return []string{p.native} }},
		{name: "go run, built before", cmd: func(p *program) []string { return []string{"go", "run", p.src} }},
		{name: "terrarium, image", goal: "hello 30", cmd: func(p *program) []string { return []string{terrarium, "run", p.image} }},
		{name: "terrarium, warm cache", goal: "hello 60, web 200", cmd: func(p *program) []string { return []string{terrarium, "run", p.src} }},
		{name: "terrarium, no cache", goal: "hello 1500", cmd: func(p *program) []string { return []string{terrarium, "run", "-no-cache", p.src} }},
		{name: "yaegi", cmd: func(p *program) []string { return peer.Self("yaegi", p.src) }},
		{name: "wazero, wasip1 build, its cache warm", cmd: func(p *program) []string { return peer.Self("wazero-cached", p.wasm, p.cache) }},
		{name: "wazero, wasip1 build", cmd: func(p *program) []string { return peer.Self("wazero", p.wasm) }},
	}
	wall, cpu := map[string][]float64{}, map[string][]float64{}
	failed := map[string]bool{}
	for r := -1; r < *rounds; r++ { // the first round warms the caches
		for _, w := range ways {
			for _, p := range programs {
				key := w.name + " " + p.name
				if failed[key] {
					continue
				}
				took, used, err := run(w.cmd(p))
				if err != nil {
					fmt.Fprintf(os.Stderr, "%s: %v\n", key, err)
					failed[key] = true
					continue
				}
				if r >= 0 {
					wall[key], cpu[key] = append(wall[key], took), append(cpu[key], used)
				}
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "`cd bench && go run ./start -rounds %d` on %s, %s %s/%s, %d cores: process start to end,\nmedians of %d runs in turns, wall ms and (processor ms).\n\n", *rounds, time.Now().Format("2006-01-02"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	fmt.Fprintf(&b, "| way | hello (fmt) | web (net/http) | goal |\n|---|---|---|---|\n")
	for _, w := range ways {
		fmt.Fprintf(&b, "| %s |", w.name)
		for _, p := range programs {
			key := w.name + " " + p.name
			if len(wall[key]) == 0 || failed[key] {
				fmt.Fprintf(&b, " – |")
				continue
			}
			fmt.Fprintf(&b, " %s (%s) |", peer.Number(peer.Median(wall[key]), 0), peer.Number(peer.Median(cpu[key]), 0))
		}
		fmt.Fprintf(&b, " %s |\n", w.goal)
	}
	fmt.Print(b.String())
	if *out != "" {
		command.Must(peer.Section(*out, "start", b.String()))
	}
}

// run gives wall time and processor time of one run, ms.
func run(cmd []string) (wall, cpu float64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	c := exec.CommandContext(ctx, cmd[0], cmd[1:]...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	start := time.Now()
	err = c.Run()
	wall = float64(time.Since(start).Microseconds()) / 1e3
	if err == nil && !strings.HasPrefix(stdout.String(), "hello") {
		err = fmt.Errorf("printed %q", stdout.String())
	}
	if err != nil {
		first, _, _ := strings.Cut(stderr.String(), "\n")
		return 0, 0, fmt.Errorf("%w: %s", err, first)
	}
	return wall, float64((c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Microseconds()) / 1e3, nil
}
