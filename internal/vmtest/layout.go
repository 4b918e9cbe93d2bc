package vmtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
)

// Folders of packages
//
// The files of a rundir test's folder, in order of their names, are packages: files with the same package clause
// belong together. They import each other as "./name", where name is the first file's without .go. The go
// command knows no such imports inside of a module, so the packages are laid out as a module "test",
// which is also the path that the distribution's own runner gives them:
//
//	t.dir/a.go       package a     →  test/a/a.go
//	t.dir/b1.go      package b     →  test/b1/b1.go
//	t.dir/b2.go      package b     →  test/b1/b2.go
//	t.dir/main.go    package main  →  test/main/main.go, with import "./a" replaced by "test/a"

// goVersion is the language version of such modules: that of the toolchain.
func goVersion() string {
	if m := regexp.MustCompile(`^go(1\.\d+)`).FindStringSubmatch(runtime.Version()); m != nil {
		return m[1]
	}
	return "1.26"
}

// layOut writes the packages of a folder as a module to the folder to, and returns the folder of the last package.
func layOut(folder, to string) (main string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	first := map[string]string{} // by package clause
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		src, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return "", err
		}
		name, out, err := absoluteImports(e.Name(), src)
		if err != nil {
			return "", err
		}
		base := strings.TrimSuffix(e.Name(), ".go")
		if first[name] == "" {
			first[name] = base
			main = filepath.Join(to, base)
		}
		file := base
		if strings.HasSuffix(file, "_test") { // is a file like others here
			file += "_"
		}
		dir := filepath.Join(to, first[name])
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, file+".go"), out, 0o666); err != nil {
			return "", err
		}
	}
	if main == "" {
		return "", fmt.Errorf("%s: no Go files", folder)
	}
	return main, os.WriteFile(filepath.Join(to, "go.mod"), fmt.Appendf(nil, "module test\n\ngo %s\n", goVersion()), 0o666)
}

// absoluteImports replaces "./x" by "test/x" in the imports of a file.
func absoluteImports(name string, src []byte) (pkg string, out []byte, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ImportsOnly)
	if err != nil {
		return "", nil, err
	}
	sort.Slice(f.Imports, func(i, j int) bool { return f.Imports[i].Path.Pos() > f.Imports[j].Path.Pos() })
	out = src
	for _, im := range f.Imports {
		p, err := strconv.Unquote(im.Path.Value)
		if err != nil || !strings.HasPrefix(p, "./") && !strings.HasPrefix(p, "../") {
			continue
		}
		at := fset.PositionFor(im.Path.Pos(), false).Offset
		q := strconv.Quote("test/" + path.Clean(p))
		out = append(append(append([]byte{}, out[:at]...), q...), out[at+len(im.Path.Value):]...)
	}
	return f.Name.Name, out, nil
}

// module copies a folder to the folder to, and makes it a module of that name.
func module(folder, to, version string) error {
	if err := os.CopyFS(to, os.DirFS(folder)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "go.mod"), fmt.Appendf(nil, "module %s\n\ngo %s\n", filepath.Base(to), version), 0o666)
}
