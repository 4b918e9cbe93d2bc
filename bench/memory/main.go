// Memory runs the programs of the folder programs natively and under Terrarium with the same GOGC, and
// compares what the collectors did:
//
//	cd bench && go run ./memory                       all programs, concurrent and marksweep
//	cd bench && go run ./memory -run graph -gc concurrent -rounds 5
//	cd bench && go run ./memory -o ../docs/bench-memory.md
//
// Collections, heap, share of processor time and pauses come from the lines of GODEBUG=gctrace=1, which both print in one
// format; the resident set and the processor time come from the host's account of the ended process. Terrarium runs images
// (terrarium build), so that compiling does not count. Peers take turns; medians are shown, and for pauses all
// of all rounds together.
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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/terrarium-go/terrarium/bench/command"
)

var programs = []string{"bintree", "ptrmap", "graph"}

var (
	rounds = flag.Int("rounds", 3, "rounds; the median counts")
	limit  = flag.Duration("limit", 5*time.Minute, "most time of one run")
	gcs    = flag.String("gc", "concurrent,marksweep", "collectors of Terrarium")
	only   = flag.String("run", "", "programs that match this regexp")
	gogc   = flag.Int("gogc", 100, "GOGC of all")
	procs  = flag.Int("procs", runtime.NumCPU(), "GOMAXPROCS of all")
	out    = flag.String("o", "", "also write the table to this file")
	lines  = flag.Bool("v", false, "print the trace lines of every run")
)

// run is what one run of a program shows.
type run struct {
	collections int             // forced ones left out
	peak        uint64          // MB, largest heap at the end of marking
	goal        uint64          // MB, largest goal
	share       float64         // percent of processor time in collections, by the last line
	rss         uint64          // MB, most
	user        time.Duration   // processor time, user and system
	wall        time.Duration   // from start to end
	pauses      []time.Duration // each by itself
}

func main() {
	flag.Parse()
	tmp, err := os.MkdirTemp("", "terrarium-memory")
	if err != nil {
		command.Must(err)
	}
	defer os.RemoveAll(tmp)
	terrarium := filepath.Join(tmp, "terrarium")
	command.Run("..", "go", "build", "-o", terrarium, "./cmd/terrarium")
	match := regexp.MustCompile(*only)
	var w io.Writer = os.Stdout
	var file bytes.Buffer
	if *out != "" {
		w = io.MultiWriter(os.Stdout, &file)
	}
	fmt.Fprintf(w, "# Memory against native\n\n`cd bench && go run ./memory -rounds %d -gogc %d -procs %d` on %s, %s %s/%s, %d cores. Medians.\n\n",
		*rounds, *gogc, *procs, time.Now().Format("2006-01-02"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintf(w, "| program | peer | collections | ratio | peak heap MB | ratio | RSS MB | allowed | gc %% | cpu s | pauses p50/p99/max ms |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range programs {
		if !match.MatchString(p) {
			continue
		}
		native, image := filepath.Join(tmp, p), filepath.Join(tmp, p+".terra")
		command.Run(".", "go", "build", "-o", native, "./memory/programs/"+p)
		command.Run(".", terrarium, "build", "-o", image, "./memory/programs/"+p)
		peers := []string{"native"}
		commands := map[string]*exec.Cmd{"native": {Path: native, Args: []string{native}, Env: append(os.Environ(), "GODEBUG=gctrace=1", fmt.Sprint("GOGC=", *gogc))}}
		for _, gc := range strings.Split(*gcs, ",") {
			peers = append(peers, gc)
			// A flag and not GODEBUG: the collector of the host process is not to print.
			args := []string{terrarium, "run", "-gc", gc, "-debug", "gctrace=1", "-gogc", fmt.Sprint(*gogc), image}
			commands[gc] = &exec.Cmd{Path: terrarium, Args: args, Env: os.Environ()}
		}
		runs := map[string][]run{}
		want := ""
		for range *rounds {
			for _, peer := range peers {
				r, text, err := measure(commands[peer])
				if err != nil {
					command.Must(fmt.Errorf("%s under %s: %v", p, peer, err))
				}
				if want == "" {
					want = text
				} else if want != text {
					command.Must(fmt.Errorf("%s under %s prints %q, want %q", p, peer, text, want))
				}
				runs[peer] = append(runs[peer], r)
			}
		}
		base := middle(runs["native"])
		for _, peer := range peers {
			m := middle(runs[peer])
			fmt.Fprintf(w, "| %s | %s | %d | %.2f | %d | %.2f | %d | %d | %.0f | %.2f | %s |\n", p, peer,
				m.collections, float64(m.collections)/float64(max(1, base.collections)),
				m.peak, float64(m.peak)/float64(max(1, base.peak)),
				m.rss, base.rss*13/10+30, m.share, m.user.Seconds(), distribution(m.pauses))
		}
	}
	if *out != "" {
		if err := os.WriteFile(*out, file.Bytes(), 0o644); err != nil {
			command.Must(err)
		}
	}
}

// trace matches a line of gctrace: share; clock of the two pauses; heap at the start and end of marking and live; goal; forced.
var trace = regexp.MustCompile(`(?m)^gc \d+ @[\d.]+s (\d+)%: ([\d.]+)\+[\d.]+\+([\d.]+) ms clock, .* (\d+)->(\d+)->(\d+) MB, (\d+) MB goal.*?( \(forced\))?$`)

func measure(like *exec.Cmd) (r run, text string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	c := exec.CommandContext(ctx, like.Path)
	c.Args, c.Env = like.Args, append(like.Env, fmt.Sprint("GOMAXPROCS=", *procs))
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	start := time.Now()
	if err := c.Run(); err != nil {
		first, _, _ := strings.Cut(stderr.String(), "\n")
		return r, "", fmt.Errorf("%v: %s", err, first)
	}
	if *lines {
		fmt.Fprintf(os.Stderr, "%s\n%s", strings.Join(c.Args, " "), stderr.String())
	}
	r.wall = time.Since(start)
	ps := c.ProcessState
	r.user = ps.UserTime() + ps.SystemTime()
	if ru, ok := ps.SysUsage().(*syscall.Rusage); ok {
		r.rss = uint64(ru.Maxrss) >> 10
		if runtime.GOOS == "darwin" {
			r.rss >>= 10
		}
	}
	for _, m := range trace.FindAllStringSubmatch(stderr.String(), -1) {
		r.share = number(m[1])
		if m[8] == "" {
			r.collections++
		}
		r.pauses = append(r.pauses, milliseconds(m[2]), milliseconds(m[3]))
		r.peak = max(r.peak, uint64(number(m[4])), uint64(number(m[5])))
		r.goal = max(r.goal, uint64(number(m[7])))
	}
	return r, stdout.String(), nil
}

func number(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

func milliseconds(s string) time.Duration { return time.Duration(number(s) * 1e6) }

// middle is the medians of runs, and all their pauses.
func middle(runs []run) (m run) {
	med := func(f func(r run) float64) float64 {
		var v []float64
		for _, r := range runs {
			v = append(v, f(r))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	m.collections = int(med(func(r run) float64 { return float64(r.collections) }))
	m.peak = uint64(med(func(r run) float64 { return float64(r.peak) }))
	m.goal = uint64(med(func(r run) float64 { return float64(r.goal) }))
	m.share = med(func(r run) float64 { return r.share })
	m.rss = uint64(med(func(r run) float64 { return float64(r.rss) }))
	m.user = time.Duration(med(func(r run) float64 { return float64(r.user) }))
	m.wall = time.Duration(med(func(r run) float64 { return float64(r.wall) }))
	for _, r := range runs {
		m.pauses = append(m.pauses, r.pauses...)
	}
	return m
}

func distribution(p []time.Duration) string {
	if len(p) == 0 {
		return "–"
	}
	slices.Sort(p)
	at := func(q float64) float64 { return p[int(q*float64(len(p)-1))].Seconds() * 1e3 }
	return fmt.Sprintf("%.2f / %.2f / %.2f", at(0.5), at(0.99), at(1))
}
