package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listed is what "go list -json" says of a package; only the fields asked for.
type listed struct {
	Dir            string
	ImportPath     string
	Name           string
	ForTest        string
	Standard       bool
	DepOnly        bool
	Match          []string
	Module         *listedModule
	GoFiles        []string
	CgoFiles       []string
	IgnoredGoFiles []string
	SFiles         []string
	TestGoFiles    []string
	XTestGoFiles   []string
	ImportMap      map[string]string
	DefaultGODEBUG string // of a main package
	Error          *listedError

	cycle *listed // the package as recompiled for its tests, if these make a cycle of imports
}

type listedModule struct {
	Path      string
	Version   string // "" of the main module
	Sum       string
	Replace   *listedModule
	GoVersion string
}

type listedError struct {
	ImportStack []string
	Pos         string
	Err         string
}

const listFields = "-json=Dir,ImportPath,Name,ForTest,Standard,DepOnly,Match,Module,GoFiles,CgoFiles,IgnoredGoFiles,SFiles,TestGoFiles,XTestGoFiles,ImportMap,DefaultGODEBUG,Error"

// golist asks the go command for the packages that args name and everything they
// import, and enters the answers into l.listed. It returns those that args named,
// in the go command's order. With tests, what their tests import is entered too.
func (l *loader) golist(tests bool, args []string) ([]*listed, error) {
	cmdArgs := []string{"list", "-e", "-deps", listFields}
	if tests {
		cmdArgs = append(cmdArgs, "-test")
	}
	if len(l.target.tags) > 0 {
		cmdArgs = append(cmdArgs, "-tags="+strings.Join(l.target.tags, ","))
	}
	cmd := exec.Command(l.target.goTool(), append(append(cmdArgs, "--"), args...)...)
	cmd.Dir = l.dir
	cmd.Env = l.target.goEnv(l.dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && stderr.Len() > 0 {
			return nil, errors.New(strings.TrimSpace(stderr.String()))
		}
		return nil, fmt.Errorf("load: go list: %w", err)
	}
	var named, variants []*listed
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		p := new(listed)
		if err := dec.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("load: go list: %w", err)
		}
		if path, _, variant := strings.Cut(p.ImportPath, " ["); variant {
			// A package as recompiled for a test. Its folder and files are those of the
			// plain package unless it is the tested package itself.
			if strings.TrimSuffix(path, "_test") == p.ForTest {
				variants = append(variants, p)
				continue
			}
			if l.listed[path] != nil {
				continue
			}
			p.ImportPath = path
			p.DepOnly = true
			for from, to := range p.ImportMap {
				p.ImportMap[from], _, _ = strings.Cut(to, " [")
			}
		} else if tests && p.Name == "main" && strings.HasSuffix(p.ImportPath, ".test") && (len(p.GoFiles) == 0 || filepath.IsAbs(p.GoFiles[0])) {
			// the go command's own test main, a file in its cache
			l.godebug[strings.TrimSuffix(p.ImportPath, ".test")] = p.DefaultGODEBUG
			continue
		}
		l.listed[p.ImportPath] = p
		if !p.DepOnly && p.DefaultGODEBUG != "" {
			l.godebug[p.ImportPath] = p.DefaultGODEBUG
		}
		if !p.DepOnly {
			named = append(named, p)
		}
	}
	for _, v := range variants { // what only test files import, in vendored code
		p := l.listed[v.ForTest]
		if p != nil && isCycle(v) && p.Error == nil {
			p.cycle = v
		}
		for from, to := range v.ImportMap {
			to, _, _ = strings.Cut(to, " [")
			if from != to && p != nil {
				if p.ImportMap == nil {
					p.ImportMap = map[string]string{}
				}
				p.ImportMap[from] = to
			}
		}
	}
	if len(named) == 0 && stderr.Len() > 0 {
		return nil, errors.New(strings.TrimSpace(stderr.String()))
	}
	return named, nil
}

// listError turns a package error of the go command into one of ours, with its words: the position if that says
// enough, else the way by which imports lead to the package.
func (l *loader) listError(p *listed) Error {
	e := p.Error
	msg := strings.TrimSpace(e.Err)
	stack := strings.HasPrefix(msg, "use of internal package") || strings.HasPrefix(msg, "use of vendored package")
	if e.Pos != "" && !stack || len(e.ImportStack) == 0 {
		return Error{Pos: parsePosition(l.dir, e.Pos), Msg: msg, Pkg: p.ImportPath}
	}
	way := slices.Clone(e.ImportStack)
	if isCycle(p) {
		for i := 1; i < len(way); i++ {
			way[i] += l.importedFrom(e.ImportStack[i-1], e.ImportStack[i], i == 1 && p.ForTest != "")
		}
	}
	text := "package " + strings.Join(way, "\n\timports ")
	if e.Pos != "" {
		text += "\n\t" + e.Pos
	}
	return Error{Msg: text + ": " + msg, Pkg: p.ImportPath}
}

// importedFrom says in which file of package from the first import of package to is, its tests included if asked for.
func (l *loader) importedFrom(from, to string, tests bool) string {
	p := l.listed[from]
	if p == nil {
		return ""
	}
	names := p.GoFiles
	if tests {
		names = slices.Concat(names, p.TestGoFiles)
	}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), absJoin(p.Dir, name), nil, parser.ImportsOnly)
		if err != nil {
			continue
		}
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if path == to || p.ImportMap[path] == to {
				return " from " + filepath.Base(name)
			}
		}
	}
	return ""
}

// noGoFiles reports whether the go command found nothing to compile in p for our target.
func noGoFiles(p *listed) bool {
	if len(p.GoFiles)+len(p.CgoFiles) > 0 {
		return false
	}
	return p.Error == nil || // it has test files
		strings.Contains(p.Error.Err, "build constraints exclude all Go files") ||
		strings.Contains(p.Error.Err, "no Go files in") ||
		strings.Contains(p.Error.Err, "no non-test Go files")
}

// isCycle reports whether the go command complains of an import cycle.
func isCycle(p *listed) bool {
	return p.Error != nil && strings.Contains(p.Error.Err, "import cycle not allowed")
}

// parsePosition reads "file:line:column" with a file name relative to dir.
func parsePosition(dir, s string) token.Position {
	var pos token.Position
	if s == "" {
		return pos
	}
	nums := [2]int{}
	n := 0
	for n < 2 {
		i := strings.LastIndexByte(s, ':')
		if i < 0 {
			break
		}
		v, err := strconv.Atoi(s[i+1:])
		if err != nil {
			break
		}
		nums[n] = v
		n++
		s = s[:i]
	}
	if n == 2 {
		pos.Line, pos.Column = nums[1], nums[0]
	} else if n == 1 {
		pos.Line = nums[0]
	}
	pos.Filename = absJoin(dir, s)
	return pos
}
