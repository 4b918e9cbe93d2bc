// Bench measures Terrarium against native code, wazero and yaegi on the programs of
// the folder programs, and prints one table:
//
//	cd bench && go run .            all peers
//	cd bench && go run . -peers native,terrarium -rounds 9
//	cd bench && go run . -o ../docs/bench.md
//	cd bench && go run . -effect    what inlining and escape analysis save, see effect.go
//
// Wazero compiles a wasip1 build of the program and runs it, without the option that would
// make it possible to stop the program.
//
// Each program prints the nanoseconds of its kernel on standard error, so start-up and compilation
// are not counted. The peers take turns within a round, because machines drift; medians and
// their ratios are reported. -versus names another terrarium command, which then takes turns with the one
// that is built here: what a change brings, paired. Peers live in a module of their own and are no dependency of Terrarium.
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
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/bench/command"
	"github.com/terrarium-go/terrarium/bench/peer"
)

var programs = []string{"fib", "sieve", "quicksort", "matmul", "nbody", "bintree", "mapfill", "strbuild",
	"spectral", "fannkuch", "mandel", "heap", "lru", "words", "lexer", "json"}

var (
	rounds = flag.Int("rounds", 5, "rounds; the median counts")
	limit  = flag.Duration("limit", 2*time.Minute, "most time of one run")
	peers  = flag.String("peers", "native,terrarium,wazero,yaegi", "who takes part")
	only   = flag.String("run", "", "programs that match this regexp")
	out    = flag.String("o", "", "also write the table to this file")
	saved  = flag.Bool("effect", false, "measure what inlining and escape analysis save, and nothing else")
	versus = flag.String("versus", "", "another terrarium `command` to compare with")
)

func main() {
	peer.Main()
	flag.Parse()
	tmp, err := os.MkdirTemp("", "terrarium-bench")
	command.Must(err)
	defer os.RemoveAll(tmp)
	terrarium := filepath.Join(tmp, "terrarium")
	command.Build(terrarium, "..", "./cmd/terrarium")
	if *versus != "" {
		*peers += ",versus"
	}
	match := regexp.MustCompile(*only)
	if *saved {
		effect(terrarium, match)
		return
	}
	var text strings.Builder
	w := io.MultiWriter(os.Stdout, &text)
	fmt.Fprintf(w, "`cd bench && go run . -rounds %d` on %s, %s %s/%s, %d cores: time of the kernel, median of %d rounds in turns\n(yaegi one round, at most %v).\n\n", *rounds, time.Now().Format("2006-01-02"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds, *limit)
	fmt.Fprintf(w, "| program | native ms | terrarium ms | ratio | wazero ms | ratio | yaegi ms | yaegi / terrarium |%s\n|---|---|---|---|---|---|---|---|%s\n", versusHead(" other / terrarium |"), versusHead("---|"))
	for _, p := range programs {
		if !match.MatchString(p) {
			continue
		}
		native := filepath.Join(tmp, p)
		command.Build(native, ".", "./programs/"+p)
		wasm := native + ".wasm"
		if strings.Contains(*peers, "wazero") {
			command.Build(wasm, ".", "./programs/"+p)
		}
		src := filepath.Join("programs", p, "main.go")
		times := map[string][]float64{}
		want := ""
		for r := 0; r < *rounds; r++ {
			for _, who := range strings.Split(*peers, ",") {
				var cmd []string
				switch who {
				case "native":
					cmd = []string{native}
				case "terrarium":
					cmd = []string{terrarium, "run", src}
				case "versus":
					cmd = []string{*versus, "run", src}
				case "wazero":
					cmd = peer.Self("wazero", wasm)
				case "yaegi":
					if r > 0 {
						continue
					}
					cmd = peer.Self("yaegi", src)
				default:
					command.Must(fmt.Errorf("unknown peer %q", who))
				}
				ns, text, err := run(cmd)
				if err != nil {
					fmt.Fprintf(os.Stderr, "%s under %s: %v\n", p, who, err)
					continue
				}
				if want == "" {
					want = text
				} else if text != want {
					fmt.Fprintf(os.Stderr, "%s under %s prints something else\n", p, who)
				}
				times[who] = append(times[who], ns/1e6)
			}
		}
		n, t, z, y := peer.Median(times["native"]), peer.Median(times["terrarium"]), peer.Median(times["wazero"]), peer.Median(times["yaegi"])
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |", p, ms(n), ms(t), peer.Ratio(t, n), ms(z), peer.Ratio(z, n), ms(y), peer.Ratio(y, t))
		fmt.Fprintln(w, versusHead(" "+peer.Ratio(peer.Median(times["versus"]), t)+" |"))
	}
	if *out != "" {
		command.Must(peer.Section(*out, "speed", text.String()))
	}
}

func ms(v float64) string { return peer.Number(v, 0) }

// versusHead is the text if there is another command to compare with.
func versusHead(text string) string {
	if *versus == "" {
		return ""
	}
	return text
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
