// Bench measures Terrarium against native code and against yaegi on the programs of
// the folder programs, and prints one table:
//
//	cd bench && go run .            all peers
//	cd bench && go run . -peers native,terrarium -rounds 9
//	cd bench && go run . -o ../docs/bench.md
//
// Each program prints the nanoseconds of its kernel on standard error, so start-up and compilation
// are not counted. The peers take turns within a round, because machines drift; medians and
// their ratios are reported. Peers live in a module of their own and are no dependency of Terrarium.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

var programs = []string{"fib", "sieve", "quicksort", "matmul", "nbody", "bintree", "mapfill", "strbuild"}

var (
	rounds = flag.Int("rounds", 5, "rounds; the median counts")
	limit  = flag.Duration("limit", 2*time.Minute, "most time of one run")
	peers  = flag.String("peers", "native,terrarium,yaegi", "who takes part")
	only   = flag.String("run", "", "programs that match this regexp")
	out    = flag.String("o", "", "also write the table to this file")
	child  = flag.String("yaegi", "", "run this program under yaegi (used by the bench itself)")
)

func main() {
	flag.Parse()
	if *child != "" {
		i := interp.New(interp.Options{})
		if err := i.Use(stdlib.Symbols); err != nil {
			fatal(err)
		}
		if _, err := i.EvalPath(*child); err != nil {
			fatal(err)
		}
		return
	}
	tmp, err := os.MkdirTemp("", "terrarium-bench")
	if err != nil {
		fatal(err)
	}
	defer os.RemoveAll(tmp)
	terrarium := filepath.Join(tmp, "terrarium")
	build(terrarium, "..", "./cmd/terrarium")
	self, err := os.Executable()
	if err != nil {
		fatal(err)
	}
	match := regexp.MustCompile(*only)
	var w io.Writer = os.Stdout
	var file bytes.Buffer
	if *out != "" {
		w = io.MultiWriter(os.Stdout, &file)
	}
	fmt.Fprintf(w, "# Speed\n\n`cd bench && go run . -rounds %d` on %s, %s %s/%s, %d cores: time of the kernel, median of %d rounds in turns\n(yaegi: one round, at most %v).\n\n", *rounds, time.Now().Format("2006-01-02"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds, *limit)
	fmt.Fprintf(w, "| program | native ms | terrarium ms | ratio | yaegi ms | yaegi / terrarium |\n|---|---|---|---|---|---|\n")
	for _, p := range programs {
		if !match.MatchString(p) {
			continue
		}
		native := filepath.Join(tmp, p)
		build(native, ".", "./programs/"+p)
		src := filepath.Join("programs", p, "main.go")
		times := map[string][]float64{}
		want := ""
		for r := 0; r < *rounds; r++ {
			for _, peer := range strings.Split(*peers, ",") {
				var cmd []string
				switch peer {
				case "native":
					cmd = []string{native}
				case "terrarium":
					cmd = []string{terrarium, "run", src}
				case "yaegi":
					if r > 0 {
						continue
					}
					cmd = []string{self, "-yaegi", src}
				}
				ns, text, err := run(cmd)
				if err != nil {
					fmt.Fprintf(os.Stderr, "%s under %s: %v\n", p, peer, err)
					continue
				}
				if want == "" {
					want = text
				} else if text != want {
					fmt.Fprintf(os.Stderr, "%s under %s prints something else\n", p, peer)
				}
				times[peer] = append(times[peer], ns/1e6)
			}
		}
		n, t, y := median(times["native"]), median(times["terrarium"]), median(times["yaegi"])
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", p, ms(n), ms(t), ratio(t, n), ms(y), ratio(y, t))
	}
	if *out != "" {
		if err := os.WriteFile(*out, file.Bytes(), 0o644); err != nil {
			fatal(err)
		}
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func build(bin, dir, pkg string) {
	c := exec.Command("go", "build", "-o", bin, pkg)
	c.Dir, c.Stderr = dir, os.Stderr
	if err := c.Run(); err != nil {
		fatal(fmt.Errorf("building %s: %w", pkg, err))
	}
}

var nsLine = regexp.MustCompile(`(?m)^ns (\d+)$`)

// run gives the kernel's time and the program's output.
func run(cmd []string) (ns float64, text string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	c := exec.CommandContext(ctx, cmd[0], cmd[1:]...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return 0, "", fmt.Errorf("more than %v", *limit)
		}
		first, _, _ := strings.Cut(stderr.String(), "\n")
		return 0, "", fmt.Errorf("%v: %s", err, first)
	}
	m := nsLine.FindStringSubmatch(stderr.String())
	if m == nil {
		return 0, "", fmt.Errorf("no ns line")
	}
	ns, err = strconv.ParseFloat(m[1], 64)
	return ns, stdout.String(), err
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	sort.Float64s(v)
	return v[len(v)/2]
}

func ms(v float64) string {
	if v == 0 {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

func ratio(a, b float64) string {
	if a == 0 || b == 0 {
		return "–"
	}
	return strconv.FormatFloat(a/b, 'f', 2, 64)
}
