package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/escape"
)

// measureDir is the module whose allocations can be counted by reading it.
var measureDir = filepath.Join("..", "..", "testdata", "measure")

// escapeDocument runs terrarium escape --json and checks that all references in the document resolve.
func escapeDocument(t *testing.T, dir string, args ...string) escape.Document {
	t.Helper()
	stdout, stderr, code := runCommand(t, dir, nil, nil, append([]string{"escape", "--json"}, args...)...)
	if code != 0 {
		t.Fatalf("%q: exit code %d\n%s", args, code, stderr)
	}
	var doc escape.Document
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if doc.Version != escape.DocumentVersion || len(doc.Packages) == 0 {
		t.Fatalf("%q: version %d with %d packages", args, doc.Version, len(doc.Packages))
	}
	for _, p := range doc.Packages {
		if p.Graph == nil || len(p.Decisions) == 0 || len(p.Graph.Edges) == 0 {
			t.Fatalf("%s: no decisions or no graph", p.Path)
		}
		nodes := map[int]string{}
		for _, n := range p.Graph.Nodes {
			if nodes[n.ID] != "" || n.Kind == "" {
				t.Errorf("%s: node %d is there twice or has no kind", p.Path, n.ID)
			}
			nodes[n.ID] = n.Kind
		}
		if nodes[1] != "heap" || nodes[2] != "mutator" || nodes[3] != "callee" {
			t.Errorf("%s: nodes 1, 2, 3 are %q, %q, %q", p.Path, nodes[1], nodes[2], nodes[3])
		}
		for _, e := range p.Graph.Edges {
			if nodes[e.From] == "" || nodes[e.To] == "" || e.Derefs < -1 {
				t.Errorf("%s: edge %+v does not resolve", p.Path, e)
			}
		}
		for _, d := range p.Decisions {
			if d.Kind == "" || d.Position.File == "" || d.Position.Line <= 0 || d.Position.Column <= 0 {
				t.Errorf("%s: decision %+v has no kind or place", p.Path, d)
			}
			if heap := d.Kind == "moved" || d.Kind == "escapes"; heap != (d.Why != nil) || heap && d.Why.Sentence == "" {
				t.Errorf("%s: decision %q is explained wrongly: %+v", p.Path, d.Text, d.Why)
			}
			for _, h := range d.Flow {
				if h.From == "" || h.To == "" || h.Derefs < -1 {
					t.Errorf("%s: decision %q: hop %+v", p.Path, d.Text, h)
				}
			}
		}
		for _, m := range p.Measured {
			if m.Decision < -1 || m.Decision >= len(p.Decisions) || m.Young > m.Freed || m.Freed > m.Objects {
				t.Errorf("%s: measured %+v", p.Path, m)
			}
		}
	}
	return doc
}

func TestEscapeJSON(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "escape", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	escapeDocument(t, ".", files...)
	doc := escapeDocument(t, measureDir, "--run", ".", "1000")
	var fill uint64
	p := doc.Packages[0]
	for _, m := range p.Measured {
		if m.Decision >= 0 && p.Decisions[m.Decision].What == "&node{...}" {
			fill += m.Objects
		}
	}
	if fill != 1000 {
		t.Errorf("%d nodes were counted, the program makes 1000: %+v", fill, p.Measured)
	}
}

func TestEscapeBench(t *testing.T) {
	p := escapeDocument(t, measureDir, "--bench", "Encode", "./codec").Packages[0]
	for _, m := range p.Measured {
		if m.Objects > 0 && m.Position.File == "./codec/codec.go" || m.Objects > 0 && m.Position.File == "codec/codec.go" {
			if m.Decision < 0 || p.Decisions[m.Decision].Text != "make([]byte, 0, 64) escapes to heap" || m.Bytes != 64*m.Objects {
				t.Errorf("wrong decision: %+v", m)
			}
			return
		}
	}
	t.Errorf("Encode has allocated nothing: %+v", p.Measured)
}

func TestEscapeCommand(t *testing.T) {
	for _, x := range []struct {
		args string
		code int
		want []string // in the output
	}{
		{"--why main.go:20 .", 0, []string{"stored in the package variable list", "change: store a copy"}},
		{"--why main.go:1 .", 0, []string{"nothing is allocated at main.go:1"}},
		{"--why main.go:x .", 2, []string{"is not file.go:line"}},
		{"-m=2 .", 0, []string{"main.go:20:10: &node{...} escapes to heap in fill:", "flow: "}},
		{"-m=x .", 2, []string{"the levels are 1 and 2"}},
		{"-m=9 .", 2, []string{"the levels are 1 and 2"}},
		{"--json --why main.go:20 .", 0, []string{`"text": "&node{...} escapes to heap"`}},
		{"--run --why main.go:20 .", 2, []string{"leave out -run or -bench"}},
		{"--bench NoSuch ./codec", 1, []string{`no benchmark of`, `matches "NoSuch"`}},
		{"--nosuch .", 2, []string{"nosuch"}},
		{"--run", 2, []string{"usage"}},
		{"--run --bench Encode ./codec", 2, []string{"exclude each other"}},
		{"--run ./codec", 1, []string{"is not a main package"}},
		{"--run . x", 3, []string{"strconv.Atoi"}},
		{"nosuch.go", 1, []string{"no such file"}},
	} {
		stdout, stderr, code := runCommand(t, measureDir, nil, nil, append([]string{"escape"}, strings.Fields(x.args)...)...)
		if code != x.code {
			t.Errorf("escape %s: exit code %d, want %d\n%s%s", x.args, code, x.code, stdout, stderr)
		}
		for _, w := range x.want {
			if !strings.Contains(stdout+stderr, w) {
				t.Errorf("escape %s: no %q in\n%s%s", x.args, w, stdout, stderr)
			}
		}
	}
}

// snippet is a fenced block of a document that begins with a command: the command, and its output.
var snippet = regexp.MustCompile("(?ms)^```\n\\$ terrarium ([^\n]*)\n(.*?)^```$")

func TestEscapeDoc(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "escape.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := snippet.FindAllStringSubmatch(string(text), -1)
	if len(all) == 0 {
		t.Fatal("docs/escape.md shows no command")
	}
	for _, m := range all {
		stdout, stderr, code := runCommand(t, measureDir, nil, nil, strings.Fields(m[1])...)
		if stdout != m[2] || code != 0 {
			t.Errorf("terrarium %s: exit code %d\n%s%s\nthe document shows\n%s", m[1], code, stdout, stderr, m[2])
		}
	}
}

// TestEscapeJSONWhy checks that -json -why leaves only the decisions at the place.
func TestEscapeJSONWhy(t *testing.T) {
	doc := escapeDocument(t, measureDir, "--why", "main.go:20", ".")
	if d := doc.Packages[0].Decisions; len(d) != 1 || d[0].Position.Line != 20 || d[0].Kind != "escapes" || d[0].Why == nil {
		t.Errorf("decisions at main.go:20: %+v", d)
	}
}
