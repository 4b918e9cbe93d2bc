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
	"strings"
	"time"
)

// The test folder of the Go distribution holds programs that judge an implementation
// of the language from outside. The ones of kind "run" print nothing, or what the
// .out file beside them says, and exit with 0. Those without flags, that also
// are for GOOS=wasip1 GOARCH=wasm by their build constraints, are run here.

// GoTest is one of them.
type GoTest struct {
	Path string // slash-separated, below the test folder
	Want string // standard output and standard error
	Skip string // why it is not run; "" if it is
}

// goTestDirs are the folders that hold tests.
var goTestDirs = []string{".", "ken", "chan", "interface", "internal/runtime/sys", "syntax", "dwarf", "fixedbugs", "codegen", "abi", "typeparam", "typeparam/mdempsky", "arenas", "simd"}

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

// GoTests lists the tests below root, the Go distribution's folder, that match.
func GoTests(root string, match *regexp.Regexp) ([]GoTest, error) {
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
			if !plainRun(string(src)) || !forMachine(string(src)) {
				continue
			}
			seen[name] = true
			if match != nil && !match.MatchString(name) {
				continue
			}
			want, err := os.ReadFile(filepath.Join(root, "test", strings.TrimSuffix(name, ".go")+".out"))
			if err != nil && !os.IsNotExist(err) {
				return nil, err
			}
			tests = append(tests, GoTest{Path: name, Want: string(want), Skip: skips[name]})
		}
	}
	for name := range skips {
		if !seen[name] {
			return nil, fmt.Errorf("skip.txt names %s, which is no test that would be run", name)
		}
	}
	return tests, nil
}

// plainRun tells whether the first line that is no build constraint is "// run", with no flags.
func plainRun(src string) bool {
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if line == "" || constraint.IsGoBuild(line) || constraint.IsPlusBuild(line) {
			continue
		}
		return strings.HasPrefix(line, "//") && strings.TrimSpace(line[2:]) == "run"
	}
	return false
}

// forMachine evaluates the build constraints in front of the package clause.
func forMachine(src string) bool {
	for line := range strings.Lines(src) {
		if strings.HasPrefix(line, "package ") {
			return true
		}
		if e, err := constraint.Parse(strings.TrimSpace(line)); err == nil && !e.Eval(machineTag) {
			return false
		}
	}
	return true
}

func machineTag(tag string) bool {
	switch tag {
	case "wasip1", "wasm", "gc":
		return true
	}
	return slices.Contains(build.Default.ReleaseTags, tag)
}

// Job makes the job that runs the test.
func (t *GoTest) Job(root string, timeout time.Duration, modes []Mode) Job {
	return Job{Files: []string{filepath.Join(root, "test", filepath.FromSlash(t.Path))}, Dir: filepath.Join(root, "test"), Modes: modes, Timeout: timeout, Merge: true, Memory: 4 << 30}
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
