package vmtest

import (
	_ "embed"
	"fmt"
	"go/build"
	"go/build/constraint"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The test folder of the Go distribution holds programs that judge an implementation
// of the language from outside. The first comment of a file says what kind of test it is; those that
// run something are judged here:
//
//	run                   the file is a program
//	buildrun              the same, built and then run
//	rundir                the files of the .dir folder are packages that import each other by relative paths; the last one is the program
//	errorcheckandrundir   the same; a package before the last may be one that must not compile
//	runindir              the .dir folder is a module
//	runoutput             the file is a program that prints a program
//
// They print nothing, or what the .out file beside them says, and exit with 0. Of a
// test's arguments, flags are the compiler's and the linker's: those that change what a program does are a
// reason to be in skip.txt, the others (more checks, no inlining) are ignored.
//
// A test is taken if its build constraints hold for GOOS=wasip1 GOARCH=wasm, for which programs are compiled, or for
// linux/amd64: an exclusion of wasm is most often one of the browser's limits. What cannot work is in
// skip.txt with the reason.

// GoTest is one of them.
type GoTest struct {
	Path string   // slash-separated, below the test folder
	Kind string   // run, rundir …
	Args []string // behind the kind: flags, and arguments of the program or, with .go, more files
	Want string   // standard output and standard error
	Skip string   // why it is not run; "" if it is
}

// goTestDirs are the folders that hold tests.
var goTestDirs = []string{".", "ken", "chan", "interface", "internal/runtime/sys", "syntax", "dwarf", "fixedbugs", "codegen", "abi", "typeparam", "typeparam/mdempsky", "arenas", "simd"}

// goTestKinds are the kinds of tests that run something.
var goTestKinds = []string{"run", "buildrun", "rundir", "errorcheckandrundir", "runindir", "buildrundir", "runoutput"}

//go:embed skip.txt
var skipText string

// Skips are the paths of skip.txt with their reasons.
func Skips() (map[string]string, error) {
	skips := map[string]string{}
	for i, line := range strings.Split(skipText, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, why, _ := strings.Cut(line, " ")
		if why = strings.TrimSpace(why); why == "" || skips[name] != "" {
			return nil, fmt.Errorf("skip.txt:%d: want a path, named once, and a reason", i+1)
		}
		skips[name] = why
	}
	return skips, nil
}

// GoTests lists the tests below root, the Go distribution's folder, that match and are of one of the kinds (none: all).
func GoTests(root string, match *regexp.Regexp, kinds []string) ([]GoTest, error) {
	skips, err := Skips()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var tests []GoTest
	for _, dir := range goTestDirs {
		entries, err := os.ReadDir(filepath.Join(root, "test", dir))
		if os.IsNotExist(err) && dir != "." {
			continue
		} else if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			src, err := os.ReadFile(filepath.Join(root, "test", name))
			if err != nil {
				return nil, err
			}
			kind, args := goTestKind(string(src))
			if !slices.Contains(goTestKinds, kind) || !admitted(string(src)) {
				continue
			}
			seen[name] = true
			if match != nil && !match.MatchString(name) || len(kinds) > 0 && !slices.Contains(kinds, kind) {
				continue
			}
			want, err := os.ReadFile(filepath.Join(root, "test", strings.TrimSuffix(name, ".go")+".out"))
			if err != nil && !os.IsNotExist(err) {
				return nil, err
			}
			tests = append(tests, GoTest{Path: name, Kind: kind, Args: args, Want: string(want), Skip: skips[name]})
		}
	}
	for name := range skips {
		if !seen[name] {
			return nil, fmt.Errorf("skip.txt names %s, which is no test that would be run", name)
		}
	}
	return tests, nil
}

// goTestKind reads the first line that is neither blank nor a build constraint: the kind, and what
// stands behind it, words in quotation marks together.
func goTestKind(src string) (kind string, args []string) {
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if line == "" || constraint.IsGoBuild(line) || constraint.IsPlusBuild(line) {
			continue
		}
		rest, ok := strings.CutPrefix(line, "//")
		if !ok {
			return "", nil
		}
		words := quotedWords(rest)
		if len(words) == 0 {
			return "", nil
		}
		return words[0], words[1:]
	}
	return "", nil
}

// quotedWords splits at spaces outside of quotation marks, which are dropped.
func quotedWords(s string) (words []string) {
	word, in, quote := "", false, rune(0)
	for _, c := range s {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			in, quote = true, c
		case quote == 0 && (c == ' ' || c == '\t'):
			if in {
				words = append(words, word)
			}
			word, in = "", false
		default:
			word, in = word+string(c), true
		}
	}
	if in {
		words = append(words, word)
	}
	return words
}

// admitted evaluates the build constraints in front of the package clause for both machines.
func admitted(src string) bool {
	return constrained(src, "wasip1", "wasm") || constrained(src, "linux", "amd64", "unix", "cgo", "race")
}

func constrained(src string, tags ...string) bool {
	for line := range strings.Lines(src) {
		if strings.HasPrefix(line, "package ") {
			return true
		}
		e, err := constraint.Parse(strings.TrimSpace(line))
		if err == nil && !e.Eval(func(tag string) bool {
			return tag == "gc" || slices.Contains(tags, tag) || slices.Contains(build.Default.ReleaseTags, tag)
		}) {
			return false
		}
	}
	return true
}

// Job makes the job that runs the test. Folders that have to be written lie in tmp.
func (t *GoTest) Job(root, tmp string, timeout time.Duration, modes []Mode) (Job, error) {
	test := filepath.Join(root, "test")
	file := filepath.Join(test, filepath.FromSlash(t.Path))
	j := Job{Files: []string{file}, Dir: test, Modes: modes, Timeout: timeout, Merge: true, Memory: 4 << 30}
	flags, rest := t.flags()
	if s := flags["-t"]; s != "" {
		if n, err := strconv.Atoi(s); err == nil {
			j.Timeout = max(timeout, time.Duration(n)*time.Second)
		}
	}
	folder := strings.TrimSuffix(file, ".go") + ".dir"
	to := filepath.Join(tmp, strings.ReplaceAll(strings.TrimSuffix(t.Path, ".go"), "/", "_"))
	switch t.Kind {
	case "rundir", "errorcheckandrundir":
		main, err := layOut(folder, to)
		if err != nil {
			return j, fmt.Errorf("%s: %w", t.Path, err)
		}
		j.Files, j.Dir, j.Args = []string{main}, main, rest
	case "runindir":
		version := "1.14"
		if v := flags["-gomodversion"]; v != "" {
			version = v
		}
		to = filepath.Join(to, filepath.Base(folder)) // the module's name
		if err := module(folder, to, version); err != nil {
			return j, fmt.Errorf("%s: %w", t.Path, err)
		}
		j.Files, j.Dir, j.Args = []string{to}, to, rest
	case "buildrundir":
		j.Files, j.Args = []string{folder}, rest
	default:
		for len(rest) > 0 && strings.HasSuffix(rest[0], ".go") {
			j.Files, rest = append(j.Files, filepath.Join(filepath.Dir(file), rest[0])), rest[1:]
		}
		j.Args = rest
		if t.Kind == "runoutput" { // rangegen.go prints 240,000 lines
			j.Prints, j.Timeout = true, max(j.Timeout, 5*time.Minute)
		}
	}
	return j, nil
}

// flags are the flags in front of the arguments: those with a value of their own by name, the others with "".
func (t *GoTest) flags() (flags map[string]string, rest []string) {
	flags, rest = map[string]string{}, t.Args
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "-t", "-goexperiment", "-godebug", "-gomodversion", "-gcflags":
			if len(rest) > 0 {
				flags[name], rest = rest[0], rest[1:]
			}
		case "-ldflags": // all that follows is the linker's
			flags[name], rest = strings.Join(rest, " "), nil
		default:
			flags[name] = ""
		}
	}
	return flags, rest
}

// Judge says what is wrong with an outcome; "" if nothing is.
func (t *GoTest) Judge(o *Outcome) string {
	got := strings.ReplaceAll(o.Stdout, "\r\n", "\n")
	switch {
	case o.Err != "":
		return o.Err
	case o.ExitCode != 0:
		return fmt.Sprintf("exit code %d: %s", o.ExitCode, failureText(got))
	case got != t.Want && t.Want == "":
		return "output, want none:\n" + got
	case got != t.Want:
		return "output: " + FirstDifference(t.Want, got)
	}
	return ""
}

// failureText is the report of a panic or fatal error if there is one, else all the output.
func failureText(s string) string {
	for _, mark := range []string{"panic: ", "fatal error: "} {
		if i := strings.Index("\n"+s, "\n"+mark); i >= 0 {
			return s[i:] + "\n" + s[:i]
		}
	}
	return s
}
