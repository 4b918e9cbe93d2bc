package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testingModule has packages whose tests pass, fail, panic and do not compile.
const testingModule = "../../testdata/modules/testing"

// goTest runs the real go test in a folder, without go vet.
func goTest(t *testing.T, dir string, args ...string) (stdout string, code int) {
	t.Helper()
	stdout, _, code = realGo(t, dir, append([]string{"test", "-vet=off"}, args...)...)
	return stdout, code
}

// realGo runs the go command in a folder.
func realGo(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Skip("no go command: ", err)
	}
	return string(out), errs.String(), code
}

var (
	seconds   = regexp.MustCompile(`\d+\.\d+s`)
	figures   = regexp.MustCompile(`(Benchmark\S+)-\d+\s.*`)
	platform  = regexp.MustCompile(`(?m)^(goos|goarch|cpu): .*\n`)
	traceback = regexp.MustCompile(`(?s)\ngoroutine \d+ \[running\]:.*?\n(FAIL\t|\x16|$)`)
)

// comparable takes out of go test's output what differs from run to run and from machine to machine.
func comparable(s string) string {
	s = seconds.ReplaceAllString(s, "0.0s")
	s = strings.ReplaceAll(s, "(cached)", "0.0s")
	s = figures.ReplaceAllString(s, "$1 figures")
	s = platform.ReplaceAllString(s, "")
	return traceback.ReplaceAllString(s, "\ntraceback\n$1")
}

// setupFirst puts the lines of packages that could not be set up before the others, as the go command prints them.
func setupFirst(s string) string {
	var first, rest []string
	for _, l := range strings.SplitAfter(s, "\n") {
		if strings.HasSuffix(l, "[setup failed]\n") {
			first = append(first, l)
		} else {
			rest = append(rest, l)
		}
	}
	return strings.Join(append(first, rest...), "")
}

// TestTestLikeGo compares standard output and exit code of terrarium test with those of go test.
func TestTestLikeGo(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles many test programs, natively too")
	}
	cache := "TERRARIUM_CACHE=" + t.TempDir()
	for _, line := range []string{
		"./...",
		"-v ./...",
		"./pass ./files ./none",
		"-short -v -run Test[SP] ./pass",
		"-run=NothingLikeThis ./pass",
		"-skip=TestBad|Example ./fail",
		"-failfast -v ./fail",
		"-count=2 -v -run=TestSkip|TestOutside ./pass",
		"-list=. ./pass",
		"-bench=Sub -benchtime=1x -run=^$ ./bench",
		"-bench=. -benchtime=2x -run=^$ ./bench ./pass",
		"-v -shuffle=5 -run=TestS ./pass",
		"-v=test2json -run=TestSkip ./pass",
		"-cpu=1,2 -v -run=TestOutside ./pass",
		"./main -update x",
		"-v ./main -args -update a b",
		"-run=TestX ./broken",
		"-timeout=0 -parallel=1 -test.v ./files",
		"-v -run=TestS pass/pass_test.go pass/pass.go",
		"pass/nofile_test.go",
		"-count=x ./pass",
		"-parallel=x ./pass",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(line)
			want, code := goTest(t, testingModule, args...)
			got, stderr, gotCode := runCommand(t, testingModule, nil, []string{cache}, append([]string{"test", "-vet=off"}, args...)...)
			if w, g := setupFirst(comparable(want)), setupFirst(comparable(got)); w != g || code != gotCode {
				t.Errorf("exit code %d, go test has %d; printed\n%s\ngo test prints\n%s\nstandard error:\n%s", gotCode, code, g, w, stderr)
			}
		})
	}
	t.Run("in the folder", func(t *testing.T) {
		for _, dir := range []string{"pass", "fail", "none", "."} {
			want, code := goTest(t, filepath.Join(testingModule, dir))
			got, _, gotCode := runCommand(t, filepath.Join(testingModule, dir), nil, []string{cache}, "test", "-vet=off")
			if comparable(got) != comparable(want) || gotCode != code {
				t.Errorf("exit code %d, go test has %d; printed\n%s\ngo test prints\n%s", gotCode, code, got, want)
			}
		}
	})
}

// TestTestJSON compares the events of each package and test with those of go test.
func TestTestJSON(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles many test programs, natively too")
	}
	cache := "TERRARIUM_CACHE=" + t.TempDir()
	for _, line := range []string{"./...", "-short ./pass ./fail", "-bench=. -benchtime=1x ./bench"} {
		args := append([]string{"-json"}, strings.Fields(line)...)
		text, code := goTest(t, testingModule, args...)
		want := streams(t, text)
		text, _, gotCode := runCommand(t, testingModule, nil, []string{cache}, append([]string{"test", "-vet=off"}, args...)...)
		got := streams(t, text)
		if code != gotCode {
			t.Errorf("%s: exit code %d, go test has %d", line, gotCode, code)
		}
		for key, w := range want {
			if g := got[key]; !slices.Equal(comparableEvents(w), comparableEvents(g)) {
				t.Errorf("%s: %s: events\n%s\ngo test has\n%s", line, key, strings.Join(comparableEvents(g), "\n"), strings.Join(comparableEvents(w), "\n"))
			}
		}
		for key := range got {
			if want[key] == nil {
				t.Errorf("%s: events of %s, which go test does not have", line, key)
			}
		}
	}
}

// streams splits a stream of events by package: those of different ones may mix.
func streams(t *testing.T, text string) map[string][]event {
	t.Helper()
	all := map[string][]event{}
	for line := range strings.Lines(text) {
		var e event
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		if e.ImportPath == "" && e.Time == nil {
			t.Errorf("no time: %s", line)
		}
		all[e.Package+e.ImportPath] = append(all[e.Package+e.ImportPath], e)
	}
	return all
}

// comparableEvents joins output that came in pieces and leaves times and the text of tracebacks out.
func comparableEvents(list []event) (out []string) {
	text, of := "", ""
	flush := func() {
		if text != "" {
			out = append(out, of+" output "+comparable(text))
		}
		text = ""
	}
	for _, e := range list {
		if e.Output != nil {
			if of != e.Test {
				flush()
			}
			of = e.Test
			text += *e.Output
			continue
		}
		flush()
		of = e.Test
		line := strings.Join([]string{e.Test, e.Action, e.FailedBuild, e.Key, e.Value}, " ")
		if e.Elapsed != nil {
			line += " elapsed"
		}
		out = append(out, line)
	}
	flush()
	return out
}

// TestResultsAreKept checks what makes a test run again.
func TestResultsAreKept(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testingModule)); err != nil {
		t.Fatal(err)
	}
	cache := "TERRARIUM_CACHE=" + t.TempDir()
	run := func(cached bool, variable string, args ...string) {
		t.Helper()
		out, errs, code := runCommand(t, dir, nil, []string{cache, "TESTING_VARIABLE=" + variable}, append([]string{"test"}, args...)...)
		if code != 0 || strings.Contains(out, "(cached)") != cached {
			t.Errorf("test %v: exit code %d, want cached %v\n%s%s", args, code, cached, out, errs)
		}
	}
	run(false, "a", "./files")
	run(true, "a", "./files")
	run(false, "a", "-v", "./files")
	run(true, "a", "-v", "./files")
	run(false, "a", "-count=1", "./files")
	run(false, "b", "./files")
	run(true, "b", "./files")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "files", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("testdata/read.txt", "another text")
	run(false, "b", "./files")
	run(true, "b", "./files")
	write("testdata/unrelated.txt", "x")
	run(true, "b", "./files")
	write("testdata/embedded.txt", "other")
	run(false, "b", "./files")
	write("more_test.go", "package files\n\nimport \"testing\"\n\nfunc TestMore(t *testing.T) {}\n")
	run(false, "b", "./files")
	run(true, "b", "./files")
	if out, _, _ := runCommand(t, filepath.Join(dir, "files"), nil, []string{cache}, "test", "-vet=off"); strings.Contains(out, "cached") {
		t.Errorf("without a package list nothing is cached: %s", out)
	}
}

func TestTestImages(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "pass.terra")
	if _, errs, code := runCommand(t, testingModule, nil, []string{"TERRARIUM_CACHE=off"}, "test", "-c", "-o", image, "./pass"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	out, errs, code := runCommand(t, dir, bare, nil, "run", image, "-test.v", "-test.run=TestOutside")
	if want := "--- PASS: TestOutside"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, want %q\n%s%s", code, want, out, errs)
	}
}

func TestRefusedTestFlags(t *testing.T) {
	for _, flag := range []string{"-race", "-cover", "-coverprofile=c.out", "-fuzz=.", "-exec=x", "-cpuprofile=p"} {
		_, errs, code := runCommand(t, testingModule, nil, nil, "test", flag, "./pass")
		name, _, _ := strings.Cut(flag, "=")
		if code != 2 || !strings.HasPrefix(errs, "terrarium test: "+name+" is not supported: ") {
			t.Errorf("%s: exit code %d, %q", flag, code, errs)
		}
	}
}

// TestVetLikeGo compares what go test and terrarium test say of a package that vet is not content with.
func TestVetLikeGo(t *testing.T) {
	const dir = "../../testdata/modules/vetted"
	cache := "TERRARIUM_CACHE=" + t.TempDir()
	for _, line := range []string{".", "-json .", "-vet=bool .", "-vet=all .", "-vet=off .", "vetted.go vetted_test.go"} {
		t.Run(line, func(t *testing.T) {
			args := append([]string{"test"}, strings.Fields(line)...)
			out, errs, code := realGo(t, dir, args...)
			gotOut, gotErrs, gotCode := runCommand(t, dir, nil, []string{cache}, args...)
			clean := func(s string) string { return eventTime.ReplaceAllString(comparable(s), "") }
			if clean(gotOut) != clean(out) || gotErrs != errs || gotCode != code {
				t.Errorf("exit code %d, printed\n%s%s\ngo test has %d and prints\n%s%s", gotCode, gotOut, gotErrs, code, out, errs)
			}
		})
	}
}

var eventTime = regexp.MustCompile(`"(Time|Elapsed)":("[^"]*"|[0-9.e-]+),?`)
