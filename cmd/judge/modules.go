package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"
)

// module is a published module whose own tests are run.
type module struct {
	path, version string
	packages      []string // patterns below the module
	skip          string   // tests left out in both runs, as -skip has it
	why           string   // why they are left out
}

// modules are well-known modules of different kinds: formats, parsers, templates,
// containers, numbers, text. Versions are fixed, so that results can be compared.
var modules = []module{
	{path: "github.com/google/uuid", version: "v1.6.0", packages: []string{"."}},
	{path: "gopkg.in/yaml.v3", version: "v3.0.1", packages: []string{"."}},
	{path: "github.com/BurntSushi/toml", version: "v1.6.0", packages: []string{".", "./internal/..."}},
	{path: "github.com/yuin/goldmark", version: "v1.8.7", packages: []string{"./..."}},
	{path: "github.com/tidwall/gjson", version: "v1.20.1", packages: []string{"."}},
	{path: "github.com/mitchellh/mapstructure", version: "v1.5.0", packages: []string{"."}},
	{path: "github.com/spf13/pflag", version: "v1.1.0", packages: []string{"."}},
	{path: "github.com/shopspring/decimal", version: "v1.6.0", packages: []string{"."}},
	{path: "github.com/emirpasic/gods", version: "v1.18.1", packages: []string{"./..."}},
	{path: "github.com/stretchr/testify", version: "v1.12.1", packages: []string{"./assert", "./require"}},
	{path: "github.com/Masterminds/semver/v3", version: "v3.5.0", packages: []string{"."}},
	{path: "github.com/russross/blackfriday/v2", version: "v2.1.0", packages: []string{"."}},
	{path: "github.com/pelletier/go-toml/v2", version: "v2.4.3", packages: []string{"./..."}},
	{path: "github.com/yuin/gopher-lua", version: "v1.1.2", packages: []string{"./..."}, skip: "^(TestLua|TestGlua)$",
		why: "each is one run of many scripts, of which one starts processes by io.popen"},
	{path: "go.starlark.net", version: "v0.0.0-20260908191801-89a6a09411d5", packages: []string{"./..."},
		skip: "^(TestDeps|TestIntFallback|TestProfile)$", why: "they run the go command and sh"},
	{path: "github.com/dop251/goja", version: "v0.0.0-20260917113740-793a2a65c13b", packages: []string{"./..."}},
	{path: "github.com/expr-lang/expr", version: "v1.17.8", packages: []string{".", "./parser/...", "./checker/...", "./vm/...", "./builtin/..."}},
	{path: "github.com/google/go-cmp", version: "v0.7.0", packages: []string{"./..."}},
	{path: "github.com/google/btree", version: "v1.1.3", packages: []string{"."}},
	{path: "github.com/gorilla/mux", version: "v1.8.1", packages: []string{"."}},
	{path: "github.com/spf13/cobra", version: "v1.10.2", packages: []string{"./..."}, skip: "^TestDeadcodeElimination$", why: "it runs the go command"},
	{path: "go.uber.org/zap", version: "v1.28.0", packages: []string{"./..."}},
	{path: "github.com/klauspost/compress", version: "v1.20.4", packages: []string{"./huff0", "./fse", "./flate", "./snappy", "./s2"}},
	{path: "google.golang.org/protobuf", version: "v1.36.12", packages: []string{"./encoding/...", "./proto", "./reflect/...", "./types/..."}},
	{path: "golang.org/x/text", version: "v0.43.0", packages: []string{"./encoding/...", "./language", "./unicode/norm", "./width", "./runes", "./transform"}},
	{path: "gonum.org/v1/gonum", version: "v0.17.0", packages: []string{"./floats", "./floats/scalar", "./stat/combin", "./mathext", "./num/...", "./graph/topo", "./integrate/..."}},
}

// thirdParty runs the modules' tests natively and under us and prints a table of what passed.
func thirdParty(ctx context.Context, args []string) int {
	fs := flags("modules")
	run := fs.String("run", "", "only modules whose path matches the `regexp`")
	binary := fs.String("terrarium", "", "the terrarium command (default: built from this module)")
	verbose := fs.Bool("v", false, "show the output of what differs")
	timeout := fs.Duration("timeout", 10*time.Minute, "for the tests of one module, each way")
	fs.Parse(args)
	match, err := regexp.Compile(*run)
	if err != nil {
		return misuse(err)
	}
	tmp, err := os.MkdirTemp("", "judge-modules")
	if err != nil {
		return misuse(err)
	}
	defer func() {
		filepath.WalkDir(tmp, func(name string, d os.DirEntry, err error) error { os.Chmod(name, 0o755); return nil })
		os.RemoveAll(tmp)
	}()
	if *binary == "" {
		*binary = filepath.Join(tmp, "terrarium")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", *binary, "./cmd/terrarium").CombinedOutput(); err != nil {
			return misuse(fmt.Errorf("go build: %w\n%s", err, out))
		}
	}
	fmt.Println("| module | version | native passed | passed here | of those |")
	fmt.Println("|---|---|---:|---:|---:|")
	passed, failed := 0, 0
	for i := range modules {
		m := &modules[i]
		if !match.MatchString(m.path) || ctx.Err() != nil {
			continue
		}
		dir, err := m.unpack(ctx, tmp)
		if err != nil {
			return misuse(err)
		}
		base := []string{"test", "-v", "-short"}
		if m.skip != "" {
			base = append(base, "-skip", m.skip)
		}
		native, _ := testRun(ctx, dir, *timeout, "go", append(append(base, "-vet=off", "-count=1"), m.packages...)...)
		ours, report := testRun(ctx, dir, *timeout, *binary, append(append(base, "-vet=off"), m.packages...)...)
		good, all := 0, 0
		var lost []string
		for name, verdict := range native {
			if verdict != "PASS" {
				continue
			}
			all++
			if ours[name] == "PASS" {
				good++
			} else {
				lost = append(lost, name+" "+ours[name])
			}
		}
		passed += good
		failed += all - good
		fmt.Printf("| %s | %s | %d | %d | %.1f %% |\n", m.path, m.version, all, good, 100*float64(good)/float64(max(all, 1)))
		sort.Strings(lost)
		if n := len(lost); n > 0 {
			fmt.Fprintf(os.Stderr, "%s: %d differ: %s\n", m.path, n, strings.Join(lost[:min(n, 12)], ", "))
		}
		if m.skip != "" {
			fmt.Fprintf(os.Stderr, "%s: without %s: %s\n", m.path, m.skip, m.why)
		}
		if *verbose && len(lost) > 0 {
			os.Stderr.WriteString(report)
		}
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", passed, failed)
	if failed > 0 {
		return 1
	}
	return 0
}

// unpack copies the module to a folder of its own, for tests write to theirs.
func (m *module) unpack(ctx context.Context, tmp string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = tmp
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go mod download %s: %w\n%s", m.path, err, out)
	}
	var got struct{ Dir string }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", err
	}
	dir := filepath.Join(tmp, strings.ReplaceAll(m.path, "/", "_"))
	if err := os.CopyFS(dir, os.DirFS(got.Dir)); err != nil {
		return "", err
	}
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(name, 0o755)
		}
		return os.Chmod(name, 0o644)
	})
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+m.path+"\n"), 0o644)
	}
	// Test dependencies may be missing from go.sum.
	get := exec.CommandContext(ctx, "go", "mod", "tidy")
	get.Dir = dir
	if out, err := get.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go mod tidy of %s: %w\n%s", m.path, err, out)
	}
	return dir, nil
}

var (
	testVerdict = regexp.MustCompile(`^\s*--- (PASS|FAIL|SKIP): (\S+)`)
	address     = regexp.MustCompile(`0x[0-9a-f]{5,}`) // some tests have the addresses of their arguments in their names
	packageEnd  = regexp.MustCompile(`^(?:ok  |FAIL|---)\s+(\S+)`)
)

// testRun runs a test command and returns the verdict of each test, by package and name.
func testRun(ctx context.Context, dir string, timeout time.Duration, name string, args ...string) (map[string]string, string) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	out, _ := cmd.CombinedOutput()
	res, pending := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(out)) {
		if m := testVerdict.FindStringSubmatch(line); m != nil {
			pending[address.ReplaceAllString(m[2], "0x…")] = m[1]
		} else if m := packageEnd.FindStringSubmatch(line); m != nil {
			for t, v := range pending {
				res[m[1]+"."+t] = v
			}
			pending = map[string]string{}
		}
	}
	return res, string(out)
}
