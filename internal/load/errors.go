package load

import (
	"errors"
	"fmt"
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
	Pkg string // import path, "" if unknown
}

// Errors is what is wrong with the source of a program, in the order of
// packages and positions.
type Errors struct {
	List []Error
	Dir  string // names of files below it are printed relative to it

	Setup bool // files are missing or do not parse, or packages are not found; else types are wrong
}

// Error prints one message per line, the position first.
func (e *Errors) Error() string {
	var b strings.Builder
	for i, m := range e.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(m.format(e.Dir))
	}
	return b.String()
}

func (m Error) format(dir string) string {
	if m.Pos.Filename == "" {
		return m.Msg
	}
	pos := m.Pos
	pos.Filename = shortName(dir, pos.Filename)
	return pos.String() + ": " + shortNames(dir, m.Msg)
}

// shortNames writes the positions inside a message as shortName does.
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

// shortName returns name as the go command prints it: "./x.go" in dir, "sub/x.go" below it, else unchanged.
func shortName(dir, name string) string {
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

// parseError takes what the parser returned.
func (l *errorList) parseError(name string, err error) {
	var sl scanner.ErrorList
	if errors.As(err, &sl) {
		for _, e := range sl {
			l.add(e.Pos, "syntax error: %s", e.Msg)
		}
		return
	}
	l.add(token.Position{Filename: name}, "%v", err)
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
		return append(l.byPosition(), Error{Pos: last.Pos, Msg: "too many errors", Pkg: last.Pkg})
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
