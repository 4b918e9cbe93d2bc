package main

import (
	"bytes"
	"context"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/inline"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// escapeVerb compares escape analysis with the expectations of the Go distribution's tests, or with -pkg with what the
// real compiler prints for whole packages.
func escapeVerb(_ context.Context, args []string) int {
	fs := flags("escape")
	run := fs.String("run", "", "only files whose path matches the `regexp`")
	verbose := fs.Bool("v", false, "show every difference")
	pkgs := fs.String("pkg", "", "compare with the real compiler on these `packages` (comma-separated)")
	costs := fs.String("inline", "", "compare what can be inlined, at what cost, and which calls are, with the real compiler on these `packages` (comma-separated)")
	fs.Parse(args)
	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	root, err := goroot()
	if err != nil {
		return misuse(err)
	}
	if *costs != "" {
		return inlinePackages(strings.Split(*costs, ","), *verbose)
	}
	if *pkgs != "" {
		return escapePackages(strings.Split(*pkgs, ","), *verbose)
	}
	var files []string
	for _, glob := range []string{"*.go", "fixedbugs/*.go", "typeparam/*.go", "abi/*.go"} {
		list, _ := filepath.Glob(filepath.Join(root, "test", glob))
		files = append(files, list...)
	}
	sort.Strings(files)
	var total, unexpected, skipped, passed int
	var inl, inlAll int
	for _, name := range files {
		rel, _ := filepath.Rel(filepath.Join(root, "test"), name)
		text, err := os.ReadFile(name)
		if err != nil || !match.MatchString(rel) {
			continue
		}
		opts, ok := errorcheckFlags(string(text))
		if !ok {
			continue
		}
		t := &escapeTest{name: name, wants: wants(string(text))}
		if len(t.wants) == 0 {
			continue
		}
		if why := opts.unsupported(); why != "" {
			skipped += len(t.wants)
			fmt.Printf("skip %s: %s (%d lines)\n", rel, why, len(t.wants))
			continue
		}
		if err := t.judge(opts); err != nil {
			skipped += len(t.wants)
			fmt.Printf("skip %s: %v (%d lines)\n", rel, firstLine(err.Error()), len(t.wants))
			continue
		}
		total += t.total
		skipped += t.other
		if t.total+t.inlTotal == 0 {
			continue
		}
		passed += t.passed
		unexpected += len(t.extra)
		inl += t.inlPassed
		inlAll += t.inlTotal
		mark := "ok  "
		if t.passed < t.total || len(t.extra) > 0 {
			mark = "FAIL"
		}
		fmt.Printf("%s %s: %d of %d lines, %d unexpected", mark, rel, t.passed, t.total, len(t.extra))
		if t.inlTotal > 0 {
			fmt.Printf("; inlining %d of %d", t.inlPassed, t.inlTotal)
		}
		fmt.Println()
		if *verbose {
			for _, m := range t.misses {
				fmt.Println("    " + m)
			}
			for _, m := range t.extra {
				fmt.Println("    unexpected: " + m)
			}
		}
	}
	if inlAll > 0 {
		fmt.Printf("inlining and devirtualisation lines: %d of %d\n", inl, inlAll)
	}
	if unexpected > 0 {
		fmt.Printf("unexpected messages: %d\n", unexpected)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, total-passed, skipped)
	if passed < total || unexpected > 0 {
		return 1
	}
	return 0
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func goroot() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	return strings.TrimSpace(string(out)), err
}

// checkFlags are the compiler flags of an errorcheck test.
type checkFlags struct {
	m, noInline, mutations bool
	level                  int
	other                  []string
}

func (f *checkFlags) unsupported() string {
	if len(f.other) > 0 {
		return "flags " + strings.Join(f.other, " ")
	}
	return ""
}

// errorcheckFlags reads the first line of a test; ok tells whether it is an errorcheck test with -m.
func errorcheckFlags(text string) (f checkFlags, ok bool) {
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "//"))
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "//go:build") {
			continue
		}
		if len(words) == 0 || words[0] != "errorcheck" {
			return f, false
		}
		for _, w := range words[1:] {
			switch w {
			case "-0", "-N", "-d=zerocopy", "-d=inlfuncswithclosures=1":
			case "-m":
				if f.m {
					f.other = append(f.other, "-m -m")
				}
				f.m, f.level = true, 1
			case "-l":
				f.noInline = true
			case "-m=2":
				f.m = true
				f.other = append(f.other, w)
			case "-d=escapemutationscalls,zerocopy":
				f.mutations = true
			default:
				f.other = append(f.other, w)
			}
		}
		return f, f.m
	}
	return f, false
}

var (
	wantLine = regexp.MustCompile(`// (?:GC_)?ERROR (.*)`)
	autoLine = regexp.MustCompile(`// (?:GC_)?ERRORAUTO (.*)`)
	quoted   = regexp.MustCompile("\"([^\"]*)\"|`([^`]*)`")
	lineExpr = regexp.MustCompile(`LINE(([+-])(\d+))?`)
	inlining = regexp.MustCompile(`inlin|devirtualiz`)
)

// want is one expectation.
type want struct {
	line int
	re   *regexp.Regexp
	text string
}

func wants(text string) []want {
	var out []want
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.Contains(line, "////") {
			continue
		}
		m := wantLine.FindStringSubmatch(line)
		if m == nil {
			m = autoLine.FindStringSubmatch(line)
		}
		if m == nil {
			continue
		}
		for _, q := range quoted.FindAllStringSubmatch(m[1], -1) {
			s := q[1] + q[2]
			s = lineExpr.ReplaceAllStringFunc(s, func(x string) string {
				k := n
				if p := lineExpr.FindStringSubmatch(x); p[2] != "" {
					d, _ := strconv.Atoi(p[3])
					if p[2] == "-" {
						d = -d
					}
					k += d
				}
				return strconv.Itoa(k)
			})
			re, err := regexp.Compile(s)
			if err != nil {
				continue
			}
			out = append(out, want{n, re, s})
		}
	}
	return out
}

type escapeTest struct {
	name                                      string
	wants                                     []want
	total, passed, inlTotal, inlPassed, other int
	misses, extra                             []string
}

// analyse returns the findings for the files or the package named.
func analyse(opts escape.Options, noInline bool, level int, names ...string) (out []escape.Finding, fset *token.FileSet, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	l, err := load.Load(&load.Config{Library: true, Unlinked: true}, names...)
	if err != nil {
		return nil, nil, err
	}
	p := tree.NewProgram(l)
	pkg := l.Roots[0].LinkPath
	var writer *escape.Analyzer
	others := inline.New(p, inline.Options{})
	in := inline.New(p, inline.Options{Off: noInline, Explain: level > 1, Report: func(n inline.Note) {
		fn, kind := n.Caller, escape.Inlined
		if fn == nil {
			fn = n.F
		}
		if n.Kind == inline.Devirtualizing {
			kind = escape.Devirtualized
		}
		if text := n.Text(writer, level); text != "" && fn.Pkg == pkg && fn.Flags&tree.Wrapper == 0 {
			out = append(out, escape.Finding{Pos: p.Site(n.Pos), Kind: kind, Text: text, Fn: fn})
		}
	}})
	opts.Prepare = func(a *escape.Analyzer, f *tree.Func) {
		writer = a
		if noInline && f.Pkg != pkg { // -l is for the package, what it uses is compiled as usual
			others.Func(f)
			return
		}
		in.Func(f)
	}
	out = append(out, escape.Package(p, pkg, opts)...)
	return out, l.Fset, nil
}

func (t *escapeTest) judge(f checkFlags) error {
	found, fset, err := analyse(escape.Options{Mutations: f.mutations}, f.noInline, f.level, t.name)
	if err != nil {
		return err
	}
	byLine := map[int][]string{}
	for _, x := range found {
		n := fset.Position(x.Pos).Line
		byLine[n] = append(byLine[n], x.Text)
	}
	for _, w := range t.wants {
		// Each pattern takes away all messages that it matches, as the test runner of the distribution does.
		var rest []string
		hit := false
		for _, m := range byLine[w.line] {
			if w.re.MatchString(m) {
				hit = true
			} else {
				rest = append(rest, m)
			}
		}
		had := byLine[w.line]
		byLine[w.line] = rest
		if !escapeText.MatchString(w.text) {
			switch {
			case inlining.MatchString(w.text):
				t.inlTotal++
				if hit {
					t.inlPassed++
				}
			default:
				t.other++
			}
			continue
		}
		t.total++
		if hit {
			t.passed++
		} else {
			t.misses = append(t.misses, fmt.Sprintf("%s:%d: want %q, have %q", filepath.Base(t.name), w.line, w.text, had))
		}
	}
	for n, list := range byLine {
		for _, m := range list {
			t.extra = append(t.extra, fmt.Sprintf("%s:%d: %s", filepath.Base(t.name), n, m))
		}
	}
	sort.Strings(t.extra)
	return nil
}

var escapeText = regexp.MustCompile(`escap|leak|heap|self-assign|zero-copy|unsafe uintptr|stack|mutates|calls param`)

// escapePackages compares allocation sites with what the real compiler prints, without inlining.
func escapePackages(pkgs []string, verbose bool) int {
	var all, agree int
	for _, pkg := range pkgs {
		cmd := exec.Command("go", "build", "-gcflags="+pkg+"=-m -l", pkg)
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
		out, err := cmd.CombinedOutput()
		if err != nil {
			fmt.Printf("skip %s: %v\n", pkg, firstLine(string(out)))
			continue
		}
		theirs := map[string]string{}
		for _, line := range bytes.Split(out, []byte("\n")) {
			m := compilerLine.FindStringSubmatch(string(line))
			if m == nil || !strings.HasSuffix(filepath.ToSlash(filepath.Dir(m[1])), "src/"+pkg) {
				continue // an instance of another package's generic function
			}
			if v := verdict(m[4]); v != "" {
				theirs[filepath.Base(m[1])+":"+m[2]+":"+m[3]+": "+v] = m[4]
			}
		}
		found, fset, err := analyse(escape.Options{}, true, 1, pkg)
		if err != nil {
			fmt.Printf("skip %s: %v\n", pkg, firstLine(err.Error()))
			continue
		}
		ours := map[string]string{}
		for _, f := range found {
			p := fset.Position(f.Pos)
			if v := verdict(f.Text); v != "" {
				ours[fmt.Sprintf("%s:%d:%d: %s", filepath.Base(p.Filename), p.Line, p.Column, v)] = f.Text
			}
		}
		n, same := 0, 0
		var diff []string
		for k, text := range theirs {
			n++
			if _, ok := ours[k]; ok {
				same++
			} else {
				diff = append(diff, k+"   (compiler only: "+text+")")
			}
		}
		for k, text := range ours {
			if _, ok := theirs[k]; !ok {
				n++
				diff = append(diff, k+"   (ours only: "+text+")")
			}
		}
		all += n
		agree += same
		fmt.Printf("%s: %d of %d sites agree (%.1f %%)\n", pkg, same, n, 100*float64(same)/float64(max(n, 1)))
		if verbose {
			sort.Strings(diff)
			for _, d := range diff {
				fmt.Println("    " + d)
			}
		}
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", agree, all-agree)
	if agree < all {
		return 1
	}
	return 0
}

var compilerLine = regexp.MustCompile(`^(.*\.go):(\d+):(\d+): (.*)$`)

// verdict reduces a message about an allocation site or a parameter to what is compared; others become "".
func verdict(s string) string {
	switch {
	case strings.HasPrefix(s, "moved to heap"), strings.HasPrefix(s, "leaking param"):
		return s
	case strings.HasSuffix(s, "escapes to heap"):
		return "escapes"
	case strings.HasSuffix(s, "does not escape"):
		return "stays"
	}
	return ""
}
