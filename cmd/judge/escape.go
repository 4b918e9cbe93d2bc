package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/explain"
)

// escapeVerb compares escape analysis with the expectations of the Go distribution's tests, or with -pkg with what the
// real compiler prints for whole packages.
func escapeVerb(_ context.Context, args []string) int {
	fs := flags("escape")
	run := fs.String("run", "", "only files whose path matches the `regexp`")
	verbose := fs.Bool("v", false, "show every difference")
	pkgs := fs.String("pkg", "", "compare with the real compiler on these `packages` (comma-separated, as go list has them)")
	inlining := fs.Bool("inlined", false, "with -pkg: compile with inlining, and compare every message word by word")
	byCost := fs.String("inline", "", "compare what can be inlined, at what cost, and which calls are, with the real compiler on these `packages` (comma-separated)")
	fs.Parse(args)
	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	root, err := goroot()
	if err != nil {
		return misuse(err)
	}
	if *byCost != "" {
		return costs.packages(splitList(*byCost), *verbose)
	}
	if *pkgs != "" {
		c := &placed
		if *inlining {
			c = &inlined
		}
		return c.packages(splitList(*pkgs), *verbose)
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
	wantLine   = regexp.MustCompile(`// (?:GC_)?ERROR (.*)`)
	autoLine   = regexp.MustCompile(`// (?:GC_)?ERRORAUTO (.*)`)
	quoted     = regexp.MustCompile("\"([^\"]*)\"|`([^`]*)`")
	lineExpr   = regexp.MustCompile(`LINE(([+-])(\d+))?`)
	inlineText = regexp.MustCompile(`inlin|devirtualiz`)
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

func (t *escapeTest) judge(f checkFlags) error {
	found, fset, err := analyse(explain.Options{Mutations: f.mutations, NoInline: f.noInline, Level: f.level}, t.name)
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
			case inlineText.MatchString(w.text):
				t.inlTotal++
				if hit {
					t.inlPassed++
				} else {
					t.misses = append(t.misses, fmt.Sprintf("%s:%d: want %q, have %q", filepath.Base(t.name), w.line, w.text, had))
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
