package load

// The target
//
// Programs are compiled for GOOS=wasip1 GOARCH=wasm with 64-bit pointers: the one
// port of the Go distribution with next to no assembly and a narrow, documented
// system interface. Everything that depends on the choice is in this file: names,
// build tags and sizes. The tags that the toolchain itself sets (experiments and
// wasm features that are on by default) belong to one minor version of Go; the
// constants below say which, and loading from another one is refused rather than
// half working.

import (
	"fmt"
	"go/build"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	goos   = "wasip1"
	goarch = "wasm"

	goMinor = 26 // the minor version of Go that the tables are made for
)

// toolTags are the tags that this version's toolchain sets for the target.
var toolTags = []string{
	"goexperiment.dwarf5",
	"goexperiment.greenteagc",
	"goexperiment.randomizedheapbase64",
	"wasm.satconv",
	"wasm.signext",
}

// targetSizes are the sizes of the target, the same as amd64's and arm64's.
func targetSizes() types.Sizes { return types.SizesFor("gc", goarch) }

// target is what the command line, the environment and GOROOT decide about file selection.
type target struct {
	goroot  string
	version string   // "go1.26.8"
	lang    string   // "go1.26"
	tags    []string // from the user
	tools   []string // toolTags after GOEXPERIMENT
	env     []string // for child processes
}

func newTarget(cfg *Config) (*target, error) {
	t := &target{env: cfg.Env}
	if t.env == nil {
		t.env = os.Environ()
	}
	root, err := findGOROOT(t.env)
	if err != nil {
		return nil, err
	}
	t.goroot = root
	text, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		return nil, fmt.Errorf("load: GOROOT %s has no version: %w", root, err)
	}
	t.version, _, _ = strings.Cut(string(text), "\n")
	t.version = strings.TrimSpace(t.version)
	if minorOf(t.version) != goMinor {
		return nil, fmt.Errorf("load: GOROOT %s is %s; want go1.%d", root, t.version, goMinor)
	}
	t.lang = "go1." + strconv.Itoa(goMinor)
	t.tags = slices.Clone(cfg.Tags)
	if len(t.tags) == 0 {
		t.tags = flagTags(getenv(t.env, "GOFLAGS"))
	}
	t.tools = slices.Clone(toolTags)
	for _, name := range strings.Split(getenv(t.env, "GOEXPERIMENT"), ",") {
		if off, ok := strings.CutPrefix(name, "no"); ok {
			t.tools = slices.DeleteFunc(t.tools, func(s string) bool { return s == "goexperiment."+off })
		} else if tag := "goexperiment." + name; name != "" && !slices.Contains(t.tools, tag) {
			t.tools = append(t.tools, tag)
		}
	}
	return t, nil
}

// context returns a go/build context that selects files for the target.
func (t *target) context() build.Context {
	c := build.Default
	c.GOOS, c.GOARCH, c.GOROOT = goos, goarch, t.goroot
	c.Compiler = "gc"
	c.CgoEnabled = false
	c.UseAllFiles = false
	c.BuildTags = t.tags
	c.ToolTags = t.tools
	c.ReleaseTags = nil
	for i := 1; i <= goMinor; i++ {
		c.ReleaseTags = append(c.ReleaseTags, "go1."+strconv.Itoa(i))
	}
	return c
}

// goEnv is the environment of a go command that answers for the target.
func (t *target) goEnv(dir string) []string {
	return append(slices.Clone(t.env), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOWASM=", "PWD="+dir)
}

// goTool is the path of the go command that belongs to GOROOT.
func (t *target) goTool() string {
	name := filepath.Join(t.goroot, "bin", "go")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	return "go"
}

// gorootCache remembers what "go env GOROOT" said, per process.
var gorootCache struct {
	sync.Mutex
	root string
}

// findGOROOT takes $GOROOT, the root this binary was built in, or the go command's answer,
// whichever is the first to hold a standard library.
func findGOROOT(env []string) (string, error) {
	for _, root := range []string{getenv(env, "GOROOT"), runtime.GOROOT()} {
		if isGOROOT(root) {
			return filepath.Clean(root), nil
		}
	}
	gorootCache.Lock()
	defer gorootCache.Unlock()
	if gorootCache.root != "" {
		return gorootCache.root, nil
	}
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("load: no Go distribution: $GOROOT is not one, and go env GOROOT says: %w", err)
	}
	root := strings.TrimSpace(string(out))
	if !isGOROOT(root) {
		return "", fmt.Errorf("load: no standard library in GOROOT %q", root)
	}
	gorootCache.root = root
	return root, nil
}

func isGOROOT(root string) bool {
	if root == "" {
		return false
	}
	if _, err := os.Stat(filepath.Join(root, "src", "fmt", "print.go")); err != nil {
		return false
	}
	_, err := os.Stat(filepath.Join(root, "VERSION"))
	return err == nil
}

// minorOf returns 26 for "go1.26.8" and "go1.26rc1", 0 for what it cannot read.
func minorOf(version string) int {
	s, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		s = s[:end]
	}
	n, _ := strconv.Atoi(s)
	return n
}

// flagTags returns the tags of a -tags flag in GOFLAGS.
func flagTags(flags string) []string {
	for _, f := range strings.Fields(flags) {
		f = strings.TrimPrefix(f, "-")
		f = strings.TrimPrefix(f, "-")
		if list, ok := strings.CutPrefix(f, "tags="); ok {
			return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return nil
}

// getenv returns the last value of key in env.
func getenv(env []string, key string) string {
	for _, kv := range slices.Backward(env) {
		if k, v, ok := strings.Cut(kv, "="); ok && k == key {
			return v
		}
	}
	return ""
}
