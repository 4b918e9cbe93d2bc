package load

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"path/filepath"
	"sort"
	"strings"
)

// maxErrors is how many messages the compiler writes about a package; it stops with the last of them.
const maxErrors = 10

// Error is one message about source text.
type Error struct {
	Pos token.Position // Filename is absolute; not valid if the message has no place
	Msg string
	Pkg string // import path, "" if unknown; "p [q.test]" of a package as compiled for the tests of q

	syntax bool // the text does not parse: the compiler's business, while other faults of files are the go command's
}

// Errors is what is wrong with the source of a program, in the order of
// packages and positions.
type Errors struct {
	List []Error
	Dir  string // names of files below it are printed relative to it

	Setup bool // files are missing, or packages are not found; else the compiler is not content
}

// Report prints the messages as the go command does: what the compiler says below a line with the package's name.
func (e *Errors) Report() string {
	if e.Setup {
		return e.Error() + "\n"
	}
	var b strings.Builder
	for i, m := range e.List {
		if m.Pkg != "" && (i == 0 || m.Pkg != e.List[i-1].Pkg) {
			b.WriteString("# " + m.Pkg + "\n")
		}
		b.WriteString(e.format(m) + "\n")
	}
	return b.String()
}

// Each yields the messages as lines.
func (e *Errors) Each(yield func(string) bool) {
	for _, m := range e.List {
		if !yield(e.format(m)) {
			return
		}
	}
}

// Error prints one message per line, the position first.
func (e *Errors) Error() string {
	var b strings.Builder
	for i, m := range e.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.format(m))
	}
	return b.String()
}

// format prints a message with names of files as the go command has them: those in the folder itself begin with "./"
// when the compiler speaks of them.
func (e *Errors) format(m Error) string {
	if m.Pos.Filename == "" {
		return strings.ReplaceAll(m.Msg, "\n\t"+e.Dir+"/", "\n\t")
	}
	pos := m.Pos
	pos.Filename = ShortName(e.Dir, pos.Filename)
	if e.Setup {
		pos.Filename = strings.TrimPrefix(pos.Filename, "./")
	}
	return pos.String() + ": " + shortNames(e.Dir, m.Msg)
}

// shortNames writes the positions inside a message as ShortName does.
func shortNames(dir, msg string) string {
	if dir == "" {
		return msg
	}
	parts := strings.Split(msg, dir+string(filepath.Separator))
	for i := 1; i < len(parts); i++ {
		name, _, _ := strings.Cut(parts[i], ":")
		if before := parts[i-1]; before != "" && !strings.ContainsAny(before[len(before)-1:], " \t(\"") {
			parts[i] = dir + string(filepath.Separator) + parts[i] // within a longer name
		} else if !strings.Contains(name, "/") {
			parts[i] = "./" + parts[i]
		}
	}
	return strings.Join(parts, "")
}

// ShortName returns name as the go command prints it: "./x.go" in dir, "sub/x.go" below it, else unchanged.
func ShortName(dir, name string) string {
	if dir == "" || !filepath.IsAbs(name) {
		return name
	}
	rel, err := filepath.Rel(dir, name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return name
	}
	if rel = filepath.ToSlash(rel); strings.Contains(rel, "/") {
		return rel
	}
	return "./" + rel
}

// errorList gathers the messages of one package.
type errorList struct {
	fset *token.FileSet
	pkg  string
	list []Error
}

func (l *errorList) add(pos token.Position, format string, args ...any) {
	l.list = append(l.list, Error{Pos: pos, Msg: fmt.Sprintf(format, args...), Pkg: l.pkg})
}

func (l *errorList) at(pos token.Pos, format string, args ...any) {
	l.add(l.fset.Position(pos), format, args...)
}

// parseError takes what the parser returned. The go command reads files up to the end of their imports and reports the
// first fault there in the parser's words; the rest is left to the compiler.
func (l *errorList) parseError(name string, text []byte, err error) {
	var sl scanner.ErrorList
	if !errors.As(err, &sl) {
		l.add(token.Position{Filename: name}, "%v", err)
		return
	}
	var head scanner.ErrorList
	if _, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly); errors.As(err, &head) {
		l.add(head[0].Pos, "%s", head[0].Msg)
		return
	}
	for _, e := range sl {
		l.list = append(l.list, Error{Pos: e.Pos, Msg: "syntax error: " + e.Msg, Pkg: l.pkg, syntax: true})
	}
}

// split parts the messages about syntax from the others.
func (l *errorList) split() (syntax, others []Error) {
	for _, e := range l.sorted() {
		if e.syntax {
			syntax = append(syntax, e)
		} else {
			others = append(others, e)
		}
	}
	return syntax, others
}

// typeError takes what the type checker reports. A message that begins with a
// tab continues the one before it.
func (l *errorList) typeError(err error) {
	var te types.Error
	if !errors.As(err, &te) {
		l.add(token.Position{}, "%v", err)
		return
	}
	if n := len(l.list); n > 0 && strings.HasPrefix(te.Msg, "\t") {
		l.list[n-1].Msg += "\n\t" + te.Fset.Position(te.Pos).String() + ": " + te.Msg[1:]
		return
	}
	l.at(te.Pos, "%s", te.Msg)
}

// sorted returns the first messages by position, without repetitions on one line.
func (l *errorList) sorted() []Error {
	if len(l.list) >= maxErrors {
		l.list = l.list[:maxErrors]
		last := l.list[maxErrors-1]
		return append(l.byPosition(), Error{Pos: last.Pos, Msg: "too many errors", Pkg: last.Pkg, syntax: last.syntax})
	}
	return l.byPosition()
}

func (l *errorList) byPosition() []Error {
	sort.SliceStable(l.list, func(i, j int) bool {
		a, b := l.list[i].Pos, l.list[j].Pos
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	out := l.list[:0:0]
	for i, e := range l.list {
		if i > 0 {
			p := l.list[i-1]
			if p.Msg == e.Msg && p.Pos.Filename == e.Pos.Filename && p.Pos.Line == e.Pos.Line {
				continue
			}
		}
		out = append(out, e)
	}
	return out
}
