// Package surface guards against a standard library that the machine was not made
// for.
//
// # What a surface is
//
// The standard library and the runtime below it know each other's insides. What std expects
// of its runtime, and what our tables assume about std, is written as lines:
//
//	body PKG NAME TYPE        a function without a body: somebody else provides it
//	link PKG NAME SYMBOL TYPE a linkname to a symbol of another package
//	type PKG NAME SIZE FIELD@OFFSET:TYPE …
//	const PKG NAME VALUE      the numbers in descriptors and maps
//
// Types and constants are those of internal/abi (type descriptors) and
// internal/runtime/maps (maps, which host functions walk).
//
// # How it is compared
//
// A table per minor version of Go (tables/go1.26.txt) holds the lines of all of
// std; _mktable writes it from a Go distribution. Check takes the packages of one
// loaded program: each of its lines must be in the table. So a release that
// changes nothing of this passes unseen, one that adds a function without a body is
// refused by the programs that import its package, and refused with the names.
// Lines of the table that no program has do no harm.
//
// Declarations that the guest's overlay replaces, and its additions, are no part of a surface.
//
// # How to add a version of Go
//
//  1. go run internal/surface/_mktable/mktable.go, with the new Go first in PATH.
//  2. Compare the new table with the last one. Each new body and link needs a host
//     function or an overlay; each changed type, a look at the offsets in package builtin.
//  3. Add the version to package load (goMinor and the tool tags).
//
// TestNewVersion goes through the first two steps with an invented version.
package surface

import (
	"embed"
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/terrarium-go/terrarium/internal/load"
)

//go:embed tables
var files embed.FS

// layouts are the packages whose types and constants belong to the surface.
var layouts = []string{"internal/abi", "internal/runtime/maps"}

// Versions are the versions of Go that have a table: "go1.26".
func Versions() []string {
	list, _ := files.ReadDir("tables")
	var out []string
	for _, e := range list {
		out = append(out, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return out
}

// table is a surface with its lines by what comes before the details.
type table struct {
	lines map[string]bool
	byKey map[string]string // "body PKG NAME" → line
}

func parseTable(text string) *table {
	t := &table{map[string]bool{}, map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && line[0] != '#' {
			t.lines[line] = true
			t.byKey[key(line)] = line
		}
	}
	return t
}

// key is the part of a line that names its subject.
func key(line string) string {
	f := strings.SplitN(line, " ", 4)
	return strings.Join(f[:min(3, len(f))], " ")
}

var tables sync.Map // version → *table

func tableOf(version string) *table {
	if t, ok := tables.Load(version); ok {
		return t.(*table)
	}
	text, err := files.ReadFile(path.Join("tables", version+".txt"))
	if err != nil {
		return nil
	}
	t := parseTable(string(text))
	tables.Store(version, t)
	return t
}

// maxShown is how many differences an error names.
const maxShown = 8

// Check returns an error that names what the packages of p expect of a runtime and
// the table of p's version of Go does not have.
func Check(p *load.Program) error {
	version := minor(p.GoVersion)
	t := tableOf(version)
	if t == nil {
		return fmt.Errorf("Go distribution %s is %s, which this version does not support; supported: %s", p.GOROOT, p.GoVersion, strings.Join(Versions(), ", "))
	}
	return t.check(p.GOROOT, p.GoVersion, Of(p))
}

func (t *table) check(goroot, version string, lines []string) error {
	var bad []string
	for _, line := range lines {
		if t.lines[line] {
			continue
		}
		if have, ok := t.byKey[key(line)]; ok {
			bad = append(bad, fmt.Sprintf("changed: %s\n\t   from: %s", line, have))
		} else {
			bad = append(bad, "new:     "+line)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	more := ""
	if n := len(bad) - maxShown; n > 0 {
		bad, more = bad[:maxShown], fmt.Sprintf("\n\tand %d more", n)
	}
	return fmt.Errorf("Go distribution %s (%s) does not fit: its standard library expects another runtime than that of %s\n\t%s%s",
		goroot, version, strings.Join(Versions(), ", "), strings.Join(bad, "\n\t"), more)
}

// minor is "go1.26" for "go1.26.8" and "go1.26rc1".
func minor(version string) string {
	i := strings.IndexByte(version, '.')
	end := i + 1
	for end < len(version) && '0' <= version[end] && version[end] <= '9' {
		end++
	}
	return version[:end]
}

// Of lists the lines of the std packages of p, sorted.
func Of(p *load.Program) []string {
	var lines []string
	for _, pkg := range p.Packages {
		if !pkg.Std || pkg.Guest || pkg.Variant || pkg.XTest {
			continue
		}
		lines = append(lines, functions(p, pkg)...)
		if slices.Contains(layouts, pkg.Path) {
			lines = append(lines, layout(p, pkg)...)
		}
	}
	sort.Strings(lines)
	return slices.Compact(lines)
}

// functions lists functions without bodies and linknames to other packages.
func functions(p *load.Program, pkg *load.Package) (lines []string) {
	ours := func(f *ast.File) bool {
		return strings.HasPrefix(p.Fset.Position(f.FileStart).Filename, "guest/")
	}
	for _, f := range pkg.Files {
		if ours(f) {
			continue
		}
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body == nil && fd.Recv == nil {
				if obj := pkg.Info.Defs[fd.Name]; obj != nil {
					lines = append(lines, fmt.Sprintf("body %s %s %s", pkg.Path, fd.Name.Name, text(obj.Type())))
				}
			}
		}
	}
	for _, l := range pkg.Links {
		if l.Target == "" || l.Obj == nil || strings.HasPrefix(l.Target, pkg.LinkPath+".") {
			continue
		}
		if strings.HasPrefix(p.Fset.Position(l.Pos).Filename, "guest/") {
			continue
		}
		lines = append(lines, fmt.Sprintf("link %s %s %s %s", pkg.Path, l.Obj.Name(), l.Target, text(l.Obj.Type())))
	}
	return lines
}

// layout lists the struct types and integer constants of a package.
func layout(p *load.Program, pkg *load.Package) (lines []string) {
	scope := pkg.Types.Scope()
	for _, name := range scope.Names() {
		switch obj := scope.Lookup(name).(type) {
		case *types.Const:
			if v := constant.ToInt(obj.Val()); v.Kind() == constant.Int {
				lines = append(lines, fmt.Sprintf("const %s %s %s", pkg.Path, name, v.ExactString()))
			}
		case *types.TypeName:
			named, ok := obj.Type().(*types.Named)
			if !ok || named.TypeParams().Len() > 0 {
				continue
			}
			st, ok := named.Underlying().(*types.Struct)
			if !ok {
				continue
			}
			var fields []*types.Var
			for f := range st.Fields() {
				fields = append(fields, f)
			}
			line := fmt.Sprintf("type %s %s %d", pkg.Path, name, p.Sizes.Sizeof(st))
			for i, off := range p.Sizes.Offsetsof(fields) {
				line += fmt.Sprintf(" %s@%d:%s", fields[i].Name(), off, strings.ReplaceAll(text(fields[i].Type()), " ", ""))
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// text is a type with full import paths and without the names of parameters.
func text(t types.Type) string {
	if sig, ok := t.(*types.Signature); ok {
		bare := func(tuple *types.Tuple) *types.Tuple {
			var vars []*types.Var
			for v := range tuple.Variables() {
				vars = append(vars, types.NewParam(0, nil, "", v.Type()))
			}
			return types.NewTuple(vars...)
		}
		if sig.TypeParams().Len() == 0 {
			t = types.NewSignatureType(nil, nil, nil, bare(sig.Params()), bare(sig.Results()), sig.Variadic())
		}
	}
	return types.TypeString(t, nil)
}
