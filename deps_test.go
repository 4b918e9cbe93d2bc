package terrarium

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/terrarium-go/terrarium"

// rooms is the import table of the house: for each room the rooms it may import.
// A room that is not listed may import no other. Test files may also import what
// their room's tests need from the root and from testing rooms.
var rooms = map[string]string{
	"debug":         "",
	"abi":           "",
	"bytecode":      "abi mem",
	"cache":         "",
	"guest":         "",
	"randprog":      "",
	"load":          "guest debug",
	"surface":       "load",
	"tree":          "load",
	"inline":        "tree",
	"escape":        "tree",
	"explain":       "tree inline escape", // the passes as the messages need them, for the command and the judge
	"lower":         "tree escape inline abi bytecode debug",
	"mem":           "",
	"heap":          "abi debug mem trace",
	"stack":         "abi bytecode debug heap mem",
	"gc":            "abi debug gc/pacer heap mem trace",
	"gc/pacer":      "",
	"gc/nogc":       "abi debug gc gc/pacer heap mem trace",
	"gc/marksweep":  "abi debug gc gc/pacer heap mem trace",
	"gc/concurrent": "abi debug gc gc/pacer heap mem trace",
	"gc/soak":       "abi debug gc gc/concurrent gc/marksweep gc/nogc gc/pacer heap mem",
	"gc/gctest":     "abi debug gc gc/pacer heap mem trace",
	"builtin":       "abi gc heap mem",
	"sched":         "abi builtin bytecode debug gc gc/pacer heap mem stack trace",
	"host":          "abi builtin bytecode debug gc gc/pacer heap mem sched stack",
	"interp":        "abi builtin bytecode debug gc host mem heap sched stack trace",
	"huge":          "", // for commands: the heap of a host is for the host to map
	"huge/early":    "huge",
	"trace":         "",
	"snapshot":      "",
	"heapgraph":     "snapshot",
	"view":          "heapgraph snapshot trace",

	// Public, beside internal/: the memory rooms for programs that have nothing to do with Go's types.
	"memory": "abi debug gc gc/concurrent gc/marksweep gc/nogc heap mem",
}

// TestImports holds every file of internal/ and memory/ against the table. It parses the
// files itself: a test that asked the go command would be served from the test
// cache and miss a new import.
func TestImports(t *testing.T) {
	fset := token.NewFileSet()
	var bad []string
	check := func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "testdata" || strings.HasPrefix(n, "_") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		room := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "internal/")
		if room == "vmtest" {
			return nil // tests the whole house from outside
		}
		allowed, known := rooms[room]
		if !known {
			bad = append(bad, path+": room "+room+" is not in the table of deps_test.go")
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			if p == module {
				bad = append(bad, path+": a room imports the root package")
			}
			other, ok := strings.CutPrefix(p, module+"/internal/")
			if ok && !slices.Contains(strings.Fields(allowed), other) {
				bad = append(bad, fset.Position(imp.Pos()).String()+": room "+room+" may not import "+other)
			}
		}
		return nil
	}
	for _, root := range []string{"internal", "memory"} {
		if err := filepath.WalkDir(root, check); err != nil {
			t.Fatal(err)
		}
	}
	sort.Strings(bad)
	for _, b := range bad {
		t.Error(b)
	}
}
