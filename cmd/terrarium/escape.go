package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/inline"
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
	*l = levelFlag(n)
	return err
}

// runEscape prints the decisions of escape analysis on the packages named.
func runEscape(c *command, args []string) int {
	fs := c.flags()
	level := levelFlag(1)
	fs.Var(&level, "m", "what to print: 1 the decisions in the words of go build -gcflags=-m, 2 with the flow that leads to each")
	noInline := fs.Bool("l", false, "without inlining")
	asJSON := fs.Bool("json", false, "print one JSON object per decision, with the flow")
	why := fs.String("why", "", "explain what is put on the heap at `file.go:line`, or at all lines of file.go")
	tags := fs.String("tags", "", "comma-separated build `tags`")
	if code, done := parse(fs, args); done {
		return code
	}
	l, err := load.Load(&load.Config{
		Tags:    strings.FieldsFunc(*tags, func(r rune) bool { return r == ',' }),
		Library: true, Unlinked: true,
	}, fs.Args()...)
	if err != nil {
		return fail(1, err)
	}
	dir, _ := os.Getwd()
	at := func(p token.Pos) string { return relative(dir, l.Fset.Position(tree.Place(p))) }
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	p := tree.NewProgram(l)
	for _, pkg := range l.Roots {
		var found []escape.Finding
		opts := escape.Options{Explain: *asJSON || *why != "" || level > 1}
		var writer *escape.Analyzer
		in := inline.New(p, inline.Options{Off: *noInline, Explain: level > 1, Report: func(n inline.Note) {
			fn, kind := n.Caller, escape.Inlined
			if fn == nil {
				fn = n.F
			}
			if n.Kind == inline.Devirtualizing {
				kind = escape.Devirtualized
			}
			if text := n.Text(writer, int(level)); text != "" && fn.Pkg == pkg.LinkPath && fn.Flags&tree.Wrapper == 0 {
				found = append(found, escape.Finding{Pos: p.Site(n.Pos), Kind: kind, Text: text, Fn: fn})
			}
		}})
		opts.Prepare = func(a *escape.Analyzer, f *tree.Func) {
			writer = a
			in.Func(f)
		}
		found = append(found, escape.Package(p, pkg.LinkPath, opts)...)
		escape.Sort(found)
		switch {
		case *why != "":
			err = printWhy(w, *why, found, l.Fset, at)
		case *asJSON:
			err = printJSON(w, pkg.Path, found, l.Fset, at)
		default:
			if len(l.Roots) > 1 {
				fmt.Fprintf(w, "# %s\n", pkg.Path)
			}
			for i := range found {
				printFinding(w, &found[i], int(level), at)
			}
		}
		if err != nil {
			return fail(1, err)
		}
	}
	return 0
}

// relative is a position with the file name as the go command prints it.
func relative(dir string, p token.Position) string {
	name := p.Filename
	if rel, err := filepath.Rel(dir, name); err == nil && !strings.HasPrefix(rel, "..") {
		name = "." + string(filepath.Separator) + rel
	}
	return fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column)
}

func printFinding(w *bufio.Writer, f *escape.Finding, level int, at func(token.Pos) string) {
	pos := at(f.Pos)
	if level > 1 && len(f.Path) > 0 {
		head := strings.TrimPrefix(f.Text, "moved to heap: ")
		if f.Kind == escape.Moved {
			head += " escapes to heap"
		}
		if f.Fn != nil {
			head += " in " + f.Fn.Name
		}
		fmt.Fprintf(w, "%s: %s:\n", pos, head)
		for _, line := range f.Flow(at) {
			fmt.Fprintf(w, "%s: %s\n", pos, line)
		}
		if f.To != "" {
			return
		}
	}
	if f.To == "" {
		fmt.Fprintf(w, "%s: %s\n", pos, f.Text)
	}
}

// printWhy explains the allocations of a line.
func printWhy(w *bufio.Writer, where string, found []escape.Finding, fset *token.FileSet, at func(token.Pos) string) error {
	file, line := where, 0
	if i := strings.LastIndexByte(where, ':'); i >= 0 {
		n, err := strconv.Atoi(where[i+1:])
		if err != nil {
			return fmt.Errorf("escape: %q is not file.go:line", where)
		}
		file, line = where[:i], n
	}
	said := false
	for i := range found {
		f := &found[i]
		p := fset.Position(f.Pos)
		if filepath.Base(p.Filename) != filepath.Base(file) || line > 0 && p.Line != line {
			continue
		}
		if f.Kind == escape.Moved || f.Kind == escape.Escapes {
			said = true
			fmt.Fprintf(w, "%s: %s\n", at(f.Pos), f.Why(at))
		}
	}
	if !said {
		fmt.Fprintf(w, "nothing goes to the heap at %s\n", where)
	}
	return nil
}

// decision is the JSON form of a finding.
type decision struct {
	Package  string `json:"package"`
	Position string `json:"position"`
	Kind     string `json:"kind"`
	Text     string `json:"text"`
	Function string `json:"function,omitempty"`
	To       string `json:"to,omitempty"`
	Flow     []hop  `json:"flow,omitempty"`
}

type hop struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	Derefs int      `json:"derefs"`
	By     []reason `json:"by,omitempty"`
}

type reason struct {
	Text     string `json:"text"`
	Why      string `json:"why"`
	Position string `json:"position"`
}

func printJSON(w *bufio.Writer, pkg string, found []escape.Finding, _ *token.FileSet, at func(token.Pos) string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range found {
		f := &found[i]
		d := decision{Package: pkg, Position: at(f.Pos), Kind: f.Kind.String(), Text: f.Text, To: f.To}
		if f.Fn != nil {
			d.Function = f.Fn.Name
		}
		for _, h := range f.Path {
			x := hop{From: h.From, To: h.To, Derefs: h.Derefs}
			for _, n := range h.Notes {
				x.By = append(x.By, reason{n.Text, n.Why, at(n.Node.Pos())})
			}
			d.Flow = append(d.Flow, x)
		}
		if err := enc.Encode(d); err != nil {
			return err
		}
	}
	return nil
}
