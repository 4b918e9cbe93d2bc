package load

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// EmbedKind is the type of a variable with a go:embed directive.
type EmbedKind uint8

const (
	EmbedString EmbedKind = iota // string or a type like it
	EmbedBytes                   // []byte or a type like it
	EmbedFS                      // embed.FS
)

// Embed is what go:embed puts into one variable.
type Embed struct {
	Var      *types.Var
	Kind     EmbedKind
	Pos      token.Pos // of the first directive
	Patterns []string

	// Files are what the patterns match. A string or []byte has one. For an
	// embed.FS the folders above the files are entries as well, their names ending
	// in a slash, and the order is that of embed.FS: by folder, then by name.
	Files []EmbedFile
}

// EmbedFile is one embedded file or folder.
type EmbedFile struct {
	Name string // slash-separated, relative to the package's folder
	Path string // in the host's file system, "" for a folder
	Data []byte // content, nil for a folder
}

// embed records a directive on a variable.
func (p *Package) embed(f *file, vs *ast.ValueSpec, d directive, errs *errorList) {
	imported := false
	for _, spec := range f.ast.Imports {
		imported = imported || spec.Path.Value == `"embed"`
	}
	switch {
	case !imported:
		errs.at(d.pos, `go:embed requires import "embed" (or import _ "embed", if package is not used)`)
		return
	case len(vs.Names) > 1:
		errs.at(d.pos, "go:embed cannot apply to multiple vars")
		return
	case len(vs.Values) > 0:
		errs.at(d.pos, "go:embed cannot apply to var with initializer")
		return
	}
	v, ok := p.Info.Defs[vs.Names[0]].(*types.Var)
	if !ok {
		errs.at(d.pos, "misplaced go:embed directive")
		return
	}
	kind, ok := embedKind(v.Type())
	if !ok {
		errs.at(d.pos, "go:embed cannot apply to var of type %s", types.TypeString(v.Type(), types.RelativeTo(p.Types)))
		return
	}
	patterns, err := embedPatterns(d.args)
	if err != nil {
		errs.at(d.pos, "%v", err)
		return
	}
	e := p.Embeds[v]
	if e == nil {
		e = &Embed{Var: v, Kind: kind, Pos: d.pos}
		p.Embeds[v] = e
	}
	for _, pattern := range patterns {
		e.Patterns = append(e.Patterns, pattern.text)
	}
}

// embedErrors reports the first pattern, by its text, of a user's files that cannot be embedded. The go command does so
// before anything is compiled.
func embedErrors(s *source, files []*file, errs *errorList) {
	where := map[string]token.Pos{}
	for _, f := range files {
		embeds := false
		for _, spec := range f.ast.Imports {
			embeds = embeds || spec.Path.Value == `"embed"`
		}
		if !embeds {
			continue
		}
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				const word = "//go:embed"
				args, ok := strings.CutPrefix(c.Text, word)
				if !ok || args == "" || args[0] != ' ' && args[0] != '\t' {
					continue
				}
				patterns, _ := embedPatterns(args)
				for _, p := range patterns {
					if _, known := where[p.text]; !known {
						where[p.text] = c.Pos() + token.Pos(len(word)+p.at)
					}
				}
			}
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(where)) {
		if _, err := embedMatch(s.dir, pattern); err != nil {
			errs.at(where[pattern], "pattern %s: %v", pattern, err)
			return
		}
	}
}

// embedKind tells how a variable of type t is filled.
func embedKind(t types.Type) (EmbedKind, bool) {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "embed" && n.Obj().Name() == "FS" {
		return EmbedFS, true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return EmbedString, u.Kind() == types.String
	case *types.Slice:
		b, ok := u.Elem().Underlying().(*types.Basic)
		return EmbedBytes, ok && b.Kind() == types.Byte
	}
	return 0, false
}

// embedPattern is one argument of a directive.
type embedPattern struct {
	text string
	at   int // bytes before it in the arguments
}

// embedPatterns cuts the arguments of a directive: words, or Go strings in double or back quotes.
func embedPatterns(args string) ([]embedPattern, error) {
	var list []embedPattern
	args = strings.TrimRight(args, " \t")
	for rest := strings.TrimLeft(args, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		at := len(args) - len(rest)
		if rest[0] == '"' || rest[0] == '`' {
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("invalid quoted string in //go:embed: %s", rest)
			}
			s, err := strconv.Unquote(q)
			if err != nil {
				return nil, fmt.Errorf("invalid quoted string in //go:embed: %s", q)
			}
			rest = rest[len(q):]
			if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
				return nil, fmt.Errorf("invalid quoted string in //go:embed: %s", q+rest)
			}
			list = append(list, embedPattern{s, at})
			continue
		}
		end := strings.IndexAny(rest, " \t")
		if end < 0 {
			end = len(rest)
		}
		list = append(list, embedPattern{rest[:end], at})
		rest = rest[end:]
	}
	if len(list) == 0 {
		return nil, errors.New("usage: //go:embed pattern...")
	}
	return list, nil
}

// resolveEmbeds finds the files for the variables of f.
func (p *Package) resolveEmbeds(f *file, errs *errorList) {
	var list []*Embed
	for _, e := range p.Embeds {
		if f.ast.FileStart <= e.Pos && e.Pos <= f.ast.FileEnd {
			list = append(list, e)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Pos < list[j].Pos })
	for _, e := range list {
		names := map[string]bool{}
		failed := false
		for _, pattern := range e.Patterns {
			found, err := embedMatch(p.Dir, pattern)
			if err != nil {
				errs.at(e.Pos, "pattern %s: %v", pattern, err)
				failed = true
			}
			for _, name := range found {
				names[name] = true
			}
		}
		if failed {
			continue
		}
		if e.Kind != EmbedFS && len(names) != 1 {
			errs.at(e.Pos, "invalid go:embed: multiple files for type %s", types.TypeString(e.Var.Type(), types.RelativeTo(p.Types)))
			continue
		}
		for name := range names {
			full := filepath.Join(p.Dir, filepath.FromSlash(name))
			data, err := os.ReadFile(full)
			if err != nil {
				errs.at(e.Pos, "cannot embed %s: %v", name, err)
			}
			e.Files = append(e.Files, EmbedFile{Name: name, Path: full, Data: data})
		}
		if e.Kind == EmbedFS {
			e.addFolders()
		}
	}
}

// addFolders adds the folders above the files and sorts as embed.FS wants it.
func (e *Embed) addFolders() {
	seen := map[string]bool{}
	for _, f := range e.Files {
		for dir := path.Dir(f.Name); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			e.Files = append(e.Files, EmbedFile{Name: dir + "/"})
		}
	}
	split := func(name string) (dir, elem string) {
		name = strings.TrimSuffix(name, "/")
		return path.Dir(name), path.Base(name)
	}
	sort.Slice(e.Files, func(i, j int) bool {
		di, ei := split(e.Files[i].Name)
		dj, ej := split(e.Files[j].Name)
		if di != dj {
			return di < dj
		}
		return ei < ej
	})
}

// embedMatch returns the files below dir that a pattern selects. A folder stands
// for the files in it, without those whose names begin with a dot or an underscore
// unless the pattern begins with "all:", and without other modules.
func embedMatch(dir, pattern string) ([]string, error) {
	glob, all := strings.CutPrefix(pattern, "all:")
	if _, err := path.Match(glob, ""); err != nil || glob != "." && !fs.ValidPath(glob) {
		return nil, errors.New("invalid pattern syntax")
	}
	found, err := fs.Glob(os.DirFS(dir), glob)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, rel := range found {
		full := filepath.Join(dir, filepath.FromSlash(rel))
		info, err := os.Lstat(full)
		if err != nil {
			return nil, err
		}
		what := "file"
		if info.IsDir() {
			what = "directory"
		}
		for up := rel; up != "."; up = path.Dir(up) {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(up), "go.mod")); err == nil {
				return nil, fmt.Errorf("cannot embed %s %s: in different module", what, rel)
			}
			if badEmbedName(path.Base(up)) {
				return nil, fmt.Errorf("cannot embed %s %s: invalid name %s", what, rel, path.Base(up))
			}
		}
		switch {
		case info.Mode().IsRegular():
			list = append(list, rel)
		case info.IsDir():
			before := len(list)
			err := filepath.WalkDir(full, func(name string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				if name != full && (badEmbedName(d.Name()) || !all && strings.ContainsRune("._", rune(d.Name()[0]))) {
					if d.IsDir() {
						return fs.SkipDir
					}
					return nil
				}
				if d.IsDir() {
					if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != full {
						return fs.SkipDir
					}
					return nil
				}
				if !d.Type().IsRegular() {
					return nil
				}
				sub, err := filepath.Rel(dir, name)
				list = append(list, filepath.ToSlash(sub))
				return err
			})
			if err != nil {
				return nil, err
			}
			if len(list) == before {
				return nil, fmt.Errorf("cannot embed directory %s: contains no embeddable files", rel)
			}
		default:
			return nil, fmt.Errorf("cannot embed irregular file %s", rel)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no matching files found")
	}
	return list, nil
}

// badEmbedName reports names that a module can never hold.
func badEmbedName(name string) bool {
	switch name {
	case "", ".bzr", ".hg", ".git", ".svn":
		return true
	}
	return strings.ContainsAny(name, "\"*<>?`'|\\:") || strings.HasSuffix(name, ".")
}
