package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// asCommand makes this test binary the command itself.
const asCommand = "TERRARIUM_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(dispatch(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// runCommand runs the command in a folder with the variables added to an environment, nil being that of the test.
func runCommand(t *testing.T, dir string, env, add []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(append(env[:len(env):len(env)], asCommand+"=1"), add...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), code
}

// bare is an environment in which nothing is found.
var bare = []string{"PATH=/nonexistent", "HOME=/nonexistent"}

func TestModules(t *testing.T) {
	const modules = "../../testdata/modules/"
	for _, c := range []struct {
		dir  string
		args []string
		want string
		code int
	}{
		{"plain", []string{"run", "."}, "hello, module. 4\n3 <nil>\n1 <nil>\n2\n\"deep\\n\" <nil>\n", 0},
		{"plain", []string{"run", "-tags", "loud", "example.com/plain"}, "hello, module! 4\n3 <nil>\n1 <nil>\n2\n\"deep\\n\" <nil>\n", 0},
		{"vendored", []string{"run", "main.go", "a", "-b"}, "42 [a -b]\n", 3},
		{"old", []string{"run", "."}, "<nil> 1\npanic called with nil argument\n", 0},
		{"old", []string{"run", "main.go"}, "<nil> 1\npanic called with nil argument\n", 0},
		{"workspace", []string{"run", "./app"}, "6\n", 0},
		{"workspace/app", []string{"run", "."}, "6\n", 0},
	} {
		t.Run(c.dir+" "+strings.Join(c.args, " "), func(t *testing.T) {
			cache := "TERRARIUM_CACHE=" + t.TempDir()
			for _, way := range []string{"compiled", "from the cache"} {
				out, errs, code := runCommand(t, modules+c.dir, nil, []string{cache}, c.args...)
				if out != c.want || code != c.code {
					t.Errorf("%s: exit code %d, printed %q; want %d, %q\n%s", way, code, out, c.code, c.want, errs)
				}
			}
		})
	}
	t.Run("test", func(t *testing.T) {
		out, errs, code := runCommand(t, modules+"workspace", nil, nil, "test", "-v", "./lib")
		for _, want := range []string{"--- PASS: TestSum", "--- SKIP: TestSkipped", "ok  \texample.com/lib"} {
			if !strings.Contains(out, want) || code != 0 {
				t.Errorf("exit code %d, no %q in\n%s%s", code, want, out, errs)
			}
		}
	})
}

func TestImageWithoutGo(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "hello.go")
	os.WriteFile(source, []byte("package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tfmt.Println(os.Args)\n\tos.Exit(4)\n}\n"), 0o644)
	if _, errs, code := runCommand(t, dir, nil, []string{"TERRARIUM_CACHE=off"}, "build", "-o", "p.terra", "hello.go"); code != 0 {
		t.Fatalf("build: exit code %d\n%s", code, errs)
	}
	os.Remove(source)
	out, errs, code := runCommand(t, dir, bare, nil, "run", "p.terra", "x", "y z")
	if out != "[p x y z]\n" || code != 4 {
		t.Errorf("exit code %d, printed %q\n%s", code, out, errs)
	}
	image, err := os.ReadFile(filepath.Join(dir, "p.terra"))
	if err != nil {
		t.Fatal(err)
	}
	image[len(image)/2] ^= 1
	os.WriteFile(filepath.Join(dir, "p.terra"), image, 0o644)
	if _, errs, code := runCommand(t, dir, bare, nil, "run", "p.terra"); code != 1 || !strings.Contains(errs, "p.terra: not a valid program image: checksum") {
		t.Errorf("damaged image: exit code %d\n%s", code, errs)
	}
}

func TestCache(t *testing.T) {
	dir, cache := t.TempDir(), "TERRARIUM_CACHE="+t.TempDir()
	write := func(text string) {
		os.WriteFile(filepath.Join(dir, "p.go"), []byte("package main\n\nfunc main() { print(\""+text+"\") }\n"), 0o644)
	}
	run := func(want string, args ...string) {
		t.Helper()
		if _, errs, code := runCommand(t, dir, nil, []string{cache}, append(args, "p.go")...); errs != want || code != 0 {
			t.Errorf("exit code %d, printed %q, want %q", code, errs, want)
		}
	}
	entries := func(want string) {
		t.Helper()
		if out, _, _ := runCommand(t, dir, nil, []string{cache}, "cache", "info"); !strings.Contains(out, "programs "+want+"\n") {
			t.Errorf("want %s programs:\n%s", want, out)
		}
	}
	write("one")
	run("one", "run", "-no-cache")
	entries("0")
	run("one", "run")
	write("two") // of the same size, at once
	run("two", "run")
	write("longer")
	run("longer", "run")
	run("longer", "run")
	entries("1")
	if _, errs, code := runCommand(t, dir, nil, []string{cache}, "cache", "clean"); code != 0 {
		t.Error(errs)
	}
	entries("0")
	run("longer", "run")
}

func TestDoctor(t *testing.T) {
	out, _, code := runCommand(t, t.TempDir(), nil, []string{"TERRARIUM_CACHE=" + t.TempDir()}, "doctor")
	if code != 0 || strings.Contains(out, "MISSING") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	out, _, code = runCommand(t, t.TempDir(), nil, []string{"TERRARIUM_CACHE=/dev/null/x", "PATH=/nonexistent"}, "doctor")
	if code != 1 || !strings.Contains(out, "MISSING cache") || !strings.Contains(out, "MISSING go command") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// TestBrokenLikeGo compares what terrarium run says of programs that cannot be built with what go run says.
func TestBrokenLikeGo(t *testing.T) {
	const dir = "../../testdata/modules/broken"
	for _, args := range []string{
		"./types", "./alone", "alone/alone.go", "./cycle", "./names", "names/a.go names/b.go", "./missing", "./hidden", "./nomain",
		"./library", "library/library.go", "./excluded", "./pattern", "pattern/pattern.go", "./nofolder", "nofile.go", "example.com/broken/alone",
	} {
		t.Run(args, func(t *testing.T) {
			list := append([]string{"run"}, strings.Fields(args)...)
			cmd := exec.Command("go", list...)
			cmd.Dir = dir
			var want bytes.Buffer
			cmd.Stderr = &want
			err := cmd.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Skip("no go command: ", err)
			}
			_, got, code := runCommand(t, dir, nil, nil, list...)
			packages := func(s string) string { // the go command's order is that in which compilations end
				parts := strings.Split(s, "# ")
				slices.Sort(parts)
				return strings.Join(parts, "# ")
			}
			if packages(got) != packages(want.String()) || code != exit.ExitCode() {
				t.Errorf("exit code %d, go run has %d; printed\n%s\ngo run prints\n%s", code, exit.ExitCode(), got, &want)
			}
		})
	}
}

// TestBuildFlags gives flags of the go command that run has too, and some that it has not.
func TestBuildFlags(t *testing.T) {
	const modules = "../../testdata/modules/"
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"run -C vendored -mod=vendor . a", "42 [a]\n", 3},
		{"run -race plain", "terrarium run: -race is not supported: the race detector needs native code\n", 2},
		{"build -ldflags -s plain", "terrarium build: -ldflags is not supported: there is no linker\n", 2},
		{"run -nothing x.go", "terrarium run: flag provided but not defined: -nothing\nterrarium help run describes the flags\n", 2},
	} {
		out, errs, code := runCommand(t, modules, nil, nil, strings.Fields(c.args)...)
		if out+errs != c.want || code != c.code {
			t.Errorf("%s: exit code %d, printed\n%s%s", c.args, code, out, errs)
		}
	}
}

// TestImageNames builds images under names that ask for something else than a new file.
func TestImageNames(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/tool/v2\n\ngo 1.26\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { print(\"hi\") }\n"), 0o644)
	cache := []string{"TERRARIUM_CACHE=" + t.TempDir()}
	build := func(args ...string) {
		t.Helper()
		if _, errs, code := runCommand(t, dir, nil, cache, append([]string{"build"}, args...)...); code != 0 {
			t.Fatalf("build %s: exit code %d\n%s", args, code, errs)
		}
	}
	run := func(image string) {
		t.Helper()
		if _, errs, code := runCommand(t, dir, bare, nil, "run", image); code != 0 || errs != "hi" {
			t.Errorf("run %s: exit code %d, printed %q", image, code, errs)
		}
	}
	build()
	run("tool.terra")
	build("main.go")
	run("main.terra")
	build("-o", "new/folder/", ".")
	run("new/folder/tool.terra")
	build("-o", "new", "main.go")
	run("new/main.terra")
	build("-o", "other.name", ".")
	run("./other.name")

	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan []byte)
	go func() {
		image, _ := os.ReadFile(fifo)
		read <- image
	}()
	build("-o", "fifo", ".")
	image := <-read
	if want, err := os.ReadFile(filepath.Join(dir, "tool.terra")); err != nil || !bytes.Equal(image, want) {
		t.Errorf("%d bytes came through the pipe, want %d (%v)", len(image), len(want), err)
	}
	if info, err := os.Lstat(fifo); err != nil || info.Mode().IsRegular() {
		t.Errorf("the pipe was replaced: %v, %v", info, err)
	}
}
