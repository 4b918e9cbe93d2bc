package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/explain"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// levelFlag is -m: a switch, or a level.
type levelFlag int

func (l *levelFlag) String() string   { return strconv.Itoa(int(*l)) }
func (l *levelFlag) IsBoolFlag() bool { return true }
func (l *levelFlag) Set(s string) error {
	if s == "true" {
		*l = 1
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 2 {
		return errors.New("the levels are 1 and 2")
	}
	*l = levelFlag(n)
	return nil
}

// escapeCommand is one run of terrarium escape.
type escapeCommand struct {
	level   levelFlag
	noInl   bool
	json    bool
	why     string
	run     bool
	bench   string
	top     int
	machine machineFlags

	names []string // packages or files
	args  []string // of the program, with run

	fset  *token.FileSet
	dir   string
	paint *palette
	said  bool // -why has found something
}

const escapeExamples = `
examples:

  terrarium escape ./...                         what go build -gcflags=-m says
  terrarium escape -m=2 prog.go                  with the flow that leads to each decision
  terrarium escape --why prog.go:12 prog.go      why what line 12 allocates is on the heap, and what would change it
  terrarium escape --why prog.go prog.go         the same for the whole file
  terrarium escape --run prog.go arg…            run it: what each site cost, the most expensive first
  terrarium escape --bench Encode ./codec        the same for benchmarks
  terrarium escape --json ./codec                decisions, flows, and the whole graph
`

// runEscape prints the decisions of escape analysis on the packages named.
func runEscape(c *command, args []string) int {
	var e escapeCommand
	fs := c.flags()
	e.level = 1
	fs.Var(&e.level, "m", "what to print: 1 the decisions in the words of go build -gcflags=-m, 2 with the flow that leads to each")
	fs.BoolVar(&e.noInl, "l", false, "without inlining")
	fs.BoolVar(&e.json, "json", false, "print one JSON document: decisions with flow and explanation, the graph, with -run or -bench the counts")
	fs.StringVar(&e.why, "why", "", "explain the allocations at `file.go:line[:column]`, or at all lines of file.go, in a sentence each; with -json: only their decisions")
	fs.BoolVar(&e.run, "run", false, "run the program and print what each site has allocated; arguments after the program's name are the program's")
	fs.StringVar(&e.bench, "bench", "", "like -run, for the benchmarks of the packages that match the `regexp`")
	fs.IntVar(&e.top, "top", 40, "with -run or -bench: print at most `n` lines, 0: all")
	// The machine's flags have their defaults: what is measured is the program, in the way it usually runs.
	e.machine.register(flag.NewFlagSet("", flag.ContinueOnError))
	e.machine.build.register(fs)
	usage := fs.Usage
	fs.Usage = func() {
		usage()
		fmt.Fprint(fs.Output(), escapeExamples)
	}
	if code, done := parse(fs, args); done {
		return code
	}
	if e.run && e.bench != "" {
		return fail(2, errors.New("escape: -run and -bench exclude each other"))
	}
	if e.why != "" {
		if _, err := parsePlace(e.why); err != nil {
			return fail(2, err)
		}
		if e.run || e.bench != "" {
			return fail(2, errors.New("escape: -why explains decisions without running anything: leave out -run or -bench"))
		}
	}
	e.names = fs.Args()
	if e.run {
		if len(e.names) == 0 {
			fs.Usage()
			return 2
		}
		e.names, e.args = load.SplitArgs(fs.Args())
	}
	e.paint = paletteFor(os.Stdout, e.json)
	e.dir, _ = os.Getwd()

	l, err := load.Load(&load.Config{Tags: e.machine.build.tagList(), Env: e.machine.build.env(), Library: true, Unlinked: true}, e.names...)
	if err != nil {
		return notBuilt(err)
	}
	e.fset = l.Fset
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	p := tree.NewProgram(l)
	doc := escape.Document{Version: escape.DocumentVersion}
	docs := escape.Documenter{Fset: l.Fset, File: e.file}
	all := make([]analysed, len(l.Roots))
	for i, pkg := range l.Roots {
		all[i] = e.analyse(p, pkg)
	}
	var measured [][]escape.Measured
	code := 0
	if e.run || e.bench != "" {
		w.Flush()
		counts, exit, err := e.measure(all)
		if err != nil {
			return fail(1, err)
		}
		code = exit
		for _, a := range all {
			measured = append(measured, escape.Join(a.found, l.Fset, counts[a.pkg.Path]))
		}
	}
	for i, a := range all {
		switch {
		case e.json:
			x := escape.PackageDoc{Path: a.pkg.Path, Decisions: []escape.DecisionDoc{}}
			for k := range a.found {
				x.Decisions = append(x.Decisions, docs.Decision(&a.found[k], e.at))
			}
			x.Graph = docs.Graph(a.graphs, a.pkg.LinkPath)
			if measured != nil {
				x.Measured = docs.Measured(measured[i], a.found)
			}
			doc.Packages = append(doc.Packages, x)
		case measured != nil:
			if len(all) > 1 {
				fmt.Fprintf(w, "# %s\n", a.pkg.Path)
			}
			e.printMeasured(w, measured[i])
		case e.why != "":
			err = e.printWhy(w, a.found, i == len(all)-1)
		default:
			if len(all) > 1 {
				fmt.Fprintf(w, "# %s\n", a.pkg.Path)
			}
			for k := range a.found {
				e.printFinding(w, &a.found[k])
			}
		}
		if err != nil {
			return fail(2, err)
		}
	}
	if e.json {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "\t")
		if err := enc.Encode(doc); err != nil {
			return fail(1, err)
		}
	}
	return code
}

// analysed is a package with what there is to say about it.
type analysed struct {
	pkg    *load.Package
	found  []escape.Finding
	graphs []*escape.Graph
}

func (e *escapeCommand) analyse(p *tree.Program, pkg *load.Package) analysed {
	out := analysed{pkg: pkg}
	opts := explain.Options{NoInline: e.noInl, Level: int(e.level), Flow: e.json || e.why != "" || e.level > 1}
	if e.json {
		opts.Graph = func(g *escape.Graph) { out.graphs = append(out.graphs, g) }
	}
	out.found = explain.Package(p, pkg.LinkPath, opts)
	if e.json && e.why != "" {
		out.found = slices.DeleteFunc(out.found, func(f escape.Finding) bool { return !e.asked(&f) })
	}
	return out
}

// file is a file name as the go command prints it.
func (e *escapeCommand) file(name string) string {
	if rel, err := filepath.Rel(e.dir, name); err == nil && !strings.HasPrefix(rel, "..") {
		return "." + string(filepath.Separator) + rel
	}
	return name
}

func (e *escapeCommand) at(p token.Pos) string {
	x := e.fset.Position(tree.Place(p))
	return fmt.Sprintf("%s:%d:%d", e.file(x.Filename), x.Line, x.Column)
}

func (e *escapeCommand) printFinding(w *bufio.Writer, f *escape.Finding) {
	if e.level < 2 && f.Kind == escape.Captured {
		return
	}
	pos := e.at(f.Pos)
	if e.level > 1 && len(f.Path) > 0 {
		head := f.Text
		if f.To == "" {
			head = f.What + " escapes to heap in " + f.In
		}
		fmt.Fprintf(w, "%s: %s:\n", pos, head)
		for _, line := range f.Flow(e.at) {
			fmt.Fprintf(w, "%s: %s\n", pos, line)
		}
	}
	if f.To == "" {
		fmt.Fprintf(w, "%s: %s\n", pos, f.Text)
	}
}
