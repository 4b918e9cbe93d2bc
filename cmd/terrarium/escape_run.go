package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/escape"
)

// measure runs the program, or the benchmarks, with every allocation counted, and returns the counts by package, and the
// program's exit code.
func (e *escapeCommand) measure(all []analysed) (counts map[string][]escape.Count, code int, err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	counts = map[string][]escape.Count{}
	out := io.Writer(os.Stdout)
	if e.json {
		out = os.Stderr // standard output is the document's
	}
	opts := terrarium.Options{Args: e.names, Tags: e.machine.build.tagList(), Env: e.machine.build.env(), Columns: true}
	if e.bench == "" {
		p, err := terrarium.Compile(ctx, opts)
		if err != nil {
			return nil, 1, err
		}
		cfg := e.machine.config(append([]string{programName(e.names)}, e.args...), out)
		pkg := all[0].pkg
		res, err := run(ctx, p, cfg, "main")
		if err != nil {
			return nil, 2, err
		}
		counts[pkg.Path] = sum(res, "main")
		return counts, res.ExitCode, nil
	}
	tests, err := terrarium.ListTests(opts)
	if err != nil {
		return nil, 1, err
	}
	ran := &benchmarks{to: out}
	for _, path := range tests.Paths() {
		p, err := tests.Compile(ctx, path)
		if err != nil {
			return nil, 1, err
		}
		if p.Program == nil {
			continue
		}
		cfg := e.machine.config([]string{path + ".test", "-test.paniconexit0", "-test.run=^$", "-test.bench=" + e.bench, "-test.benchmem"}, ran)
		cfg.Env = append(cfg.Env, "GOROOT="+p.GOROOT)
		if p.Dir != "" {
			cfg.Env = append(cfg.Env, "PWD="+p.Dir)
		}
		res, err := run(ctx, p.Program, cfg, path)
		if err != nil {
			return nil, 2, err
		}
		counts[path] = sum(res, path)
		code = max(code, res.ExitCode)
	}
	if !ran.any && code == 0 {
		return nil, 1, fmt.Errorf("escape: no benchmark of %s matches %q", strings.Join(tests.Paths(), " "), e.bench)
	}
	return counts, code, nil
}

// benchmarks passes on what a test writes and notices whether a benchmark has run.
type benchmarks struct {
	to   io.Writer
	line []byte // the beginning of the line under way
	any  bool
}

func (b *benchmarks) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case c == '\n':
			b.line = b.line[:0]
		case len(b.line) < len("Benchmark"):
			b.line = append(b.line, c)
			b.any = b.any || string(b.line) == "Benchmark"
		}
	}
	return b.to.Write(p)
}

// run runs p with allocations told apart in the functions of package pkg.
func run(ctx context.Context, p *terrarium.Program, cfg terrarium.Config, pkg string) (terrarium.Result, error) {
	cfg.Sites = func(function string) bool { return within(function, pkg) }
	res, err := p.Run(ctx, cfg)
	if err == nil && res.Lost > 0 {
		fmt.Fprintf(os.Stderr, "terrarium: %d objects were allocated at places that could not be kept\n", res.Lost)
	}
	return res, err
}

// within reports whether a function, by its name in tracebacks, belongs to package pkg.
func within(function, pkg string) bool {
	rest, ok := strings.CutPrefix(function, pkg)
	return ok && strings.HasPrefix(rest, ".") && !strings.Contains(rest, "/")
}

// sum makes counts of sites: where they are in package pkg, and through which function of another package.
func sum(res terrarium.Result, pkg string) []escape.Count {
	var out []escape.Count
	for _, s := range res.Sites {
		c := escape.Count{Traffic: escape.Traffic{Objects: s.Objects, Bytes: s.Bytes, Freed: s.Freed, Young: s.Young, YoungBytes: s.YoungBytes}}
		own := slices.IndexFunc(s.Stack, func(f terrarium.Frame) bool { return within(f.Func, pkg) })
		if own < 0 {
			continue
		}
		frame := own // whose frame it is
		for frame+1 < len(s.Stack) && s.Stack[frame].Inlined {
			frame++
		}
		first := own // innermost of the calls that were inlined there
		for first > 0 && s.Stack[first-1].Inlined {
			first--
		}
		for i, f := range s.Stack[:first] {
			switch {
			case !internalCall(f.Func):
				c.Through, c.Runtime = f.Func, "" // the last one is what the package calls
			case i == 0:
				c.Runtime = f.Func
			}
		}
		at, of := &s.Stack[own], &s.Stack[first]
		c.AtFile, c.AtLine, c.AtCol = at.File, at.Line, at.Col
		c.File, c.Line, c.Col, c.Func = of.File, of.Line, of.Col, s.Stack[frame].Func
		c.Written = at.Func
		out = append(out, c)
	}
	return out
}

// internalCall reports whether a function is the implementation of something that is no call in the source.
func internalCall(function string) bool {
	return within(function, "runtime") || strings.HasPrefix(function, "internal/runtime/")
}

// printMeasured prints a table, the most expensive sites first.
func (e *escapeCommand) printMeasured(w *bufio.Writer, list []escape.Measured) {
	var total, framed escape.Traffic
	var idle int
	rows := 0
	fmt.Fprintf(w, "%12s %12s %7s  %s\n", "objects", "bytes", "young", "where, and what the decision was")
	for i := range list {
		m := &list[i]
		if m.Objects == 0 {
			idle++
			continue
		}
		total.Objects += m.Objects
		total.Bytes += m.Bytes
		total.YoungBytes += m.YoungBytes
		total.Young += m.Young
		if rows++; e.top > 0 && rows > e.top {
			framed.Objects += m.Objects
			framed.Bytes += m.Bytes
			continue
		}
		where, what := fmt.Sprintf("%s:%d:", e.file(m.AtFile), m.AtLine), ""
		if m.AtCol > 0 {
			where += fmt.Sprintf("%d:", m.AtCol)
		}
		switch {
		case m.Finding != nil:
			where, what = e.at(m.Finding.Pos)+":", m.Finding.Text
			if m.Finding.Kind == escape.Stays {
				what += ", but did not fit"
			}
		case m.Through != "":
			what = "in the call of " + m.Through
		case m.Runtime != "":
			what = "in " + m.Runtime
		default:
			what = "no site: a channel, a goroutine or s += t"
		}
		fmt.Fprintf(w, "%12d %12s %6.1f%%  %s %s\n", m.Objects, size(m.Bytes).text(), percent(m.Young, m.Objects), e.paint.dim(where), what)
	}
	if framed.Objects > 0 {
		fmt.Fprintf(w, "%12d %12s %7s  at %d other places (-top 0 shows all)\n", framed.Objects, size(framed.Bytes).text(), "", rows-e.top)
	}
	fmt.Fprintf(w, "%12d %12s %6.1f%%  %s\n", total.Objects, size(total.Bytes).text(), percent(total.Young, total.Objects), e.paint.bold("in all"))
	fmt.Fprintf(w, "young: died before the first collection after they were made. %d more sites are on the heap and have allocated nothing.\n", idle)
}

func percent(part, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(part) / float64(of)
}
