package load

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Words of the compiler
//
// What does not parse is read by two parsers in the world of Go: go/parser, which is ours, and the compiler's own, whose
// messages are the ones that people know ("unexpected newline in argument list; possibly missing comma or )") and which
// goes on after a fault in another way. When files do not parse and the distribution has its compiler, the compiler is
// asked. It reports syntax before it looks at any import, so it needs nothing but the files. If it takes for a matter of
// types what go/parser refuses, it goes on, misses the imports, and says nothing that follows from that. Without a
// compiler the messages are go/parser's.

// noImport is how the compiler begins to say that it has not been told where an imported package is.
const noImport = "could not import "

// compilerWords returns what the distribution's compiler says of the syntax of p's files, or nil if it cannot be asked
// or finds nothing wrong.
func (l *loader) compilerWords(p *Package) []Error {
	tool := filepath.Join(l.target.goroot, "pkg", "tool", runtime.GOOS+"_"+runtime.GOARCH, "compile")
	if _, err := os.Stat(tool); err != nil || p.Std {
		return nil
	}
	dir, err := os.MkdirTemp("", "terrarium-syntax")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(dir)
	args := []string{"-p", p.Path, "-lang", p.GoVersion, "-o", filepath.Join(dir, "out")}
	for _, f := range p.files {
		args = append(args, f.name)
	}
	ask := func(args ...string) (string, bool) {
		cmd := exec.Command(tool, args...)
		cmd.Dir, cmd.Env = dir, l.target.env
		out, err := cmd.Output()
		var exit *exec.ExitError
		return string(out), errors.As(err, &exit)
	}
	out, failed := ask(args...)
	if failed && strings.Contains(out, noImport) { // these count among the first errors, so ask for all
		out, failed = ask(append([]string{"-e"}, args...)...)
	}
	if !failed {
		return nil
	}
	var all []Error
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if more, ok := strings.CutPrefix(line, "\t"); ok && len(all) > 0 {
			all[len(all)-1].Msg += "\n\t" + more
			continue
		}
		place, msg, ok := strings.Cut(line, ": ")
		pos := parsePosition(dir, place)
		if !ok || pos.Line == 0 {
			return nil
		}
		if !strings.HasPrefix(msg, noImport) {
			all = append(all, Error{Pos: pos, Msg: msg, Pkg: p.label(), syntax: true})
		}
	}
	if strings.Contains(out, noImport) && len(all) > maxErrors {
		all = append(all[:maxErrors], Error{Pos: all[maxErrors-1].Pos, Msg: "too many errors", Pkg: p.label(), syntax: true})
	}
	return all
}
