package load

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// CommandLine is the import path of files named on the command line.
const CommandLine = "command-line-arguments"

// roots returns the import paths that args name. The go command is asked only
// when an argument is not a std package and not a file, or a file imports
// something else than std.
func (l *loader) roots(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	if isGoFile(args[0]) {
		if err := l.nameFiles(args); err != nil {
			return nil, err
		}
		return []string{CommandLine}, nil
	}
	if len(args) > 1 && !l.cfg.Library {
		return nil, fmt.Errorf("load: one package expected, got %s", strings.Join(args, " "))
	}
	var roots, ask []string
	for _, a := range args {
		if isGoFile(a) {
			return nil, fmt.Errorf("load: %s: files and packages cannot be mixed", a)
		}
		if isPattern(a) || !l.isStd(a) {
			ask = append(ask, a)
		} else {
			roots = append(roots, a)
		}
	}
	if len(ask) == 0 {
		return roots, nil
	}
	named, err := l.golist(false, ask)
	if err != nil {
		return nil, err
	}
	for _, p := range named {
		if matchedByWildcard(p) && (noGoFiles(p) || !l.cfg.Library && p.Name != "main" && p.Name != "") {
			continue
		}
		roots = append(roots, p.ImportPath)
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("load: %s matched no packages", strings.Join(ask, " "))
	}
	if len(roots) > 1 && !l.cfg.Library {
		sort.Strings(roots)
		return nil, fmt.Errorf("pattern %s matches multiple packages:\n\t%s", strings.Join(ask, " "), strings.Join(roots, "\n\t"))
	}
	return roots, nil
}

// nameFiles makes the package of the files named on the command line.
func (l *loader) nameFiles(names []string) error {
	s := &source{path: CommandLine, named: true, lang: l.target.lang, parseErrs: errorList{fset: l.fset, pkg: CommandLine}}
	for _, name := range names {
		if !isGoFile(name) {
			return fmt.Errorf("load: named files must be .go files: %s", name)
		}
		if strings.HasSuffix(name, "_test.go") {
			return fmt.Errorf("cannot run *_test.go files (%s)", name)
		}
		full := absJoin(l.dir, name)
		if info, err := os.Stat(full); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("stat %s: no such file or directory", name)
		} else if err != nil {
			return err
		} else if info.IsDir() {
			return fmt.Errorf("%s is a directory, should be a Go file", name)
		}
		dir := filepath.Dir(full)
		if s.dir != "" && s.dir != dir {
			return fmt.Errorf("named files must all be in one directory; have %s and %s", filepath.Dir(names[0]), filepath.Dir(name))
		}
		s.dir = dir
		l.parseInto(&s.files, s, full, nil, &s.parseErrs)
	}
	s.module, s.lang = moduleOf(s.dir, l.target.lang)
	l.sources[CommandLine] = s
	if len(s.parseErrs.list) > 0 {
		return nil
	}
	for _, path := range s.imports(s.files) {
		if !l.isStd(path) || s.lang != l.target.lang || asksForDebug(s.files) {
			if _, err := l.golist(false, names); err != nil {
				return err
			}
			if p := l.listed[CommandLine]; p != nil {
				s.listed, s.idents = p, p.ImportMap
			}
			break
		}
	}
	return nil
}

// asksForDebug reports whether files have //go:debug directives, which only the go command understands.
func asksForDebug(files []*file) bool {
	for _, f := range files {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:debug ") {
					return true
				}
			}
		}
	}
	return false
}

// moduleOf reads module path and language version from the go.mod above dir. Outside modules the language is std's.
func moduleOf(dir, lang string) (module, version string) {
	for {
		if f, err := os.Open(filepath.Join(dir, "go.mod")); err == nil {
			defer f.Close()
			directive := ""
			for sc := bufio.NewScanner(f); sc.Scan(); {
				words := strings.Fields(sc.Text())
				if len(words) < 2 {
					continue
				}
				switch words[0] {
				case "module":
					module = strings.Trim(words[1], "\"`")
				case "go":
					directive = words[1]
				}
			}
			return module, langOf(directive)
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", lang
		}
		dir = up
	}
}

func isGoFile(arg string) bool {
	return strings.HasSuffix(arg, ".go") && arg != ".go"
}

// isPattern reports whether the go command may give several packages for arg.
func isPattern(arg string) bool {
	switch arg {
	case "all", "std", "cmd", "tool", "work":
		return true
	}
	return strings.Contains(arg, "...") || strings.Contains(arg, "@")
}

func matchedByWildcard(p *listed) bool {
	for _, m := range p.Match {
		if !isPattern(m) {
			return false
		}
	}
	return true
}
