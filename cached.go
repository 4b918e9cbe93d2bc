package terrarium

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/cache"
	"github.com/terrarium-go/terrarium/internal/guest"
	"github.com/terrarium-go/terrarium/internal/load"
)

// request is one compilation as the cache sees it: package cache tells how an
// entry is found and when it is out of date.
type request struct {
	store *cache.Cache
	key   cache.Key
	dir   string // absolute
	opts  *Options
	start time.Time // before any input was read
}

// buildID tells builds of this program apart: two with different compilers must not share entries.
var buildID = sync.OnceValue(func() string {
	id := runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		id += info.String()
	}
	if exe, err := os.Executable(); err == nil {
		if info, err := os.Stat(exe); err == nil {
			id += strconv.FormatInt(info.Size(), 10) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 10)
		}
	}
	sum := guest.Hash()
	return id + string(sum[:])
})

// environment are the variables that decide which files the go command and the loader select.
var environment = []string{"GOROOT", "GOFLAGS", "GOEXPERIMENT", "GOWORK", "GO111MODULE", "GOPATH", "GOMODCACHE", "GOENV", "GOTOOLCHAIN", "PATH", "HOME", "XDG_CONFIG_HOME"}

// newRequest returns nil if there is no cache to ask.
func newRequest(opts *Options) *request {
	if opts.Cache == "" || opts.Columns {
		return nil
	}
	store, err := cache.Open(opts.Cache, opts.CacheLimit)
	if err != nil {
		return nil
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil
	}
	env := opts.Env
	if env == nil {
		env = os.Environ()
	}
	parts := []string{buildID(), runtime.GOARCH, dir, strings.Join(opts.Tags, ","), strconv.FormatBool(opts.NoEscape), strconv.FormatBool(opts.NoInline), strconv.Itoa(len(opts.Args))}
	parts = append(parts, opts.Args...)
	for _, name := range environment {
		for _, kv := range env {
			if strings.HasPrefix(kv, name+"=") {
				parts = append(parts, kv)
			}
		}
	}
	return &request{store: store, key: cache.KeyOf(parts...), dir: dir, opts: opts, start: time.Now()}
}

// get returns the program if the cache has it and it is sound.
func (r *request) get() *Program {
	p, _ := r.getNote()
	return p
}

// getNote is get with the note that was left with the program.
func (r *request) getNote() (*Program, string) {
	if r == nil {
		return nil, ""
	}
	image, note, ok := r.store.GetNote(r.key)
	if !ok {
		return nil, ""
	}
	code, err := bytecode.Decode(image)
	if err == nil {
		p := newProgram(code)
		if err = p.Verify(); err == nil {
			return p, note
		}
	}
	r.store.Drop(r.key)
	return nil, ""
}

// inputs lists what the loaded program was made from.
func (r *request) inputs(l *load.Program) *cache.Inputs {
	in := &cache.Inputs{}
	in.Distribution(filepath.Join(l.GOROOT, "VERSION"))
	in.Above(r.dir, "go.work", "go.mod")
	if conf, err := os.UserConfigDir(); err == nil {
		in.File(filepath.Join(conf, "go", "env"))
	}
	roots := map[string]bool{} // folders of packages that were named as files
	for _, a := range r.opts.Args {
		if strings.HasSuffix(a, ".go") {
			if !filepath.IsAbs(a) {
				a = filepath.Join(r.dir, a)
			}
			in.File(a)
			roots[filepath.Dir(a)] = true
		}
	}
	named := len(roots) > 0
	for _, p := range l.Packages {
		switch {
		case p.Guest || p.Dir == "":
			continue
		case p.Std:
			in.Distribution(p.Dir)
			for _, f := range p.Files {
				if name := l.Fset.Position(f.FileStart).Filename; filepath.IsAbs(name) {
					in.Distribution(name)
				}
			}
			continue
		case named && p == l.Main: // its files are in
		default:
			in.Sources(p.Dir)
		}
		in.Above(p.Dir, "go.work", "go.work.sum", "go.mod", "go.sum", "vendor/modules.txt")
		for _, e := range p.Embeds {
			for _, pattern := range e.Patterns {
				pattern = strings.TrimPrefix(pattern, "all:")
				in.Folder(filepath.Dir(filepath.Join(p.Dir, pattern)))
				found, _ := filepath.Glob(filepath.Join(p.Dir, filepath.FromSlash(pattern)))
				for _, name := range found {
					in.Tree(name)
				}
			}
		}
	}
	return in
}

// put stores a compiled program. A cache that cannot be written is no fault of the program.
func (r *request) put(in *cache.Inputs, p *Program) {
	if in.ChangedSince(r.start) {
		return
	}
	var image bytes.Buffer
	if err := p.WriteImage(&image); err == nil {
		r.store.Put(r.key, in, image.Bytes())
	}
}
