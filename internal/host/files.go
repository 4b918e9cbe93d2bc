package host

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Descriptors and directory trees behind the WASI calls.

// A tree is one granted directory. Paths are slash-separated, relative to it.
type tree interface {
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Mkdir(name string, perm fs.FileMode) error
	Remove(name string) error
	Rename(from, to string) error
	Link(from, to string) error
	Symlink(target, name string) error
	Readlink(name string) (string, error)
	Chtimes(name string, atime, mtime time.Time) error
	Chmod(name string, mode fs.FileMode) error
	stat(name string, follow bool) (fs.FileInfo, error)
}

// rooted confines every path to the directory: os.Root follows no link out of it.
type rooted struct{ *os.Root }

// What a confined tree makes has plain permissions only.
func (r rooted) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return r.Root.OpenFile(name, flag, perm.Perm())
}
func (r rooted) Mkdir(name string, perm fs.FileMode) error { return r.Root.Mkdir(name, perm.Perm()) }

func (r rooted) stat(name string, follow bool) (fs.FileInfo, error) {
	if follow {
		return r.Stat(name)
	}
	return r.Lstat(name)
}

// whole is the grant of the host's root directory: nothing to confine, and
// absolute links lead where they say.
type whole struct{ dir string }

func (t whole) at(name string) string { return filepath.Join(t.dir, filepath.FromSlash(name)) }

func (t whole) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(t.at(name), flag, perm)
}
func (t whole) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(t.at(name), perm) }
func (t whole) Remove(name string) error                  { return os.Remove(t.at(name)) }
func (t whole) Rename(from, to string) error              { return os.Rename(t.at(from), t.at(to)) }
func (t whole) Link(from, to string) error                { return os.Link(t.at(from), t.at(to)) }
func (t whole) Symlink(target, name string) error         { return os.Symlink(target, t.at(name)) }
func (t whole) Readlink(name string) (string, error)      { return os.Readlink(t.at(name)) }
func (t whole) Chtimes(name string, a, m time.Time) error { return os.Chtimes(t.at(name), a, m) }
func (t whole) Chmod(name string, mode fs.FileMode) error { return os.Chmod(t.at(name), mode) }
func (t whole) stat(name string, follow bool) (fs.FileInfo, error) {
	if follow {
		return os.Stat(t.at(name))
	}
	return os.Lstat(t.at(name))
}

// readOnly refuses whatever changes a tree.
type readOnly struct{ tree }

func (t readOnly) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) != 0 {
		return nil, fs.ErrPermission
	}
	return t.tree.OpenFile(name, flag, perm)
}
func (t readOnly) Mkdir(string, fs.FileMode) error            { return fs.ErrPermission }
func (t readOnly) Remove(string) error                        { return fs.ErrPermission }
func (t readOnly) Rename(string, string) error                { return fs.ErrPermission }
func (t readOnly) Link(string, string) error                  { return fs.ErrPermission }
func (t readOnly) Symlink(string, string) error               { return fs.ErrPermission }
func (t readOnly) Chmod(string, fs.FileMode) error            { return fs.ErrPermission }
func (t readOnly) Chtimes(string, time.Time, time.Time) error { return fs.ErrPermission }

// file is one open descriptor.
type file struct {
	os     *os.File // nil for a stream of the embedder
	r      io.Reader
	w      io.Writer
	kind   uint8         // WASI file type
	flags  atomic.Uint32 // WASI fd flags
	dir    bool
	fixed  bool   // opened in a tree that may not change
	blocks bool   // reading or writing may wait for somebody else
	pipe   *pipe  // of an end of a pipe
	end    int    // which end
	pre    string // guest path of a granted directory
	tree   tree   // of a directory

	mu    sync.Mutex // guards path, names and what belongs to them
	path  string     // of a directory, inside the tree; it follows the directory when the guest renames it (moved)
	names []fs.DirEntry
	read  bool  // names has been read
	cost  int64 // bytes charged for names
}

// stream is what the host's file behind one of the standard streams says of itself; nil if there is none.
func (f *file) stream() fs.FileInfo {
	for _, s := range []any{f.r, f.w} {
		if s, ok := s.(interface{ Stat() (fs.FileInfo, error) }); ok {
			if fi, err := s.Stat(); err == nil {
				return fi
			}
		}
	}
	return nil
}

// join is a path below a directory descriptor.
func (f *file) join(p string) string {
	f.mu.Lock()
	q := path.Join(f.path, p)
	f.mu.Unlock()
	if q == "" {
		q = "."
	}
	return q
}

// files is the descriptor table of a machine.
type files struct {
	mu   sync.Mutex
	list []*file // index: descriptor; nil: free
	max  int
}

const maxFiles = 4096

func (t *files) get(fd int32) *file {
	t.mu.Lock()
	defer t.mu.Unlock()
	if fd < 0 || int(fd) >= len(t.list) {
		return nil
	}
	return t.list[fd]
}

func (t *files) add(f *file) (int32, errno) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, g := range t.list {
		if g == nil && i > 2 {
			t.list[i] = f
			return int32(i), eOK
		}
	}
	if len(t.list) >= maxFiles {
		return 0, eMFILE
	}
	t.list = append(t.list, f)
	return int32(len(t.list) - 1), eOK
}

// close takes a descriptor away; f is what it stood for, nil if for nothing.
func (t *files) close(fd int32) (f *file, e errno) {
	t.mu.Lock()
	if fd < 0 || int(fd) >= len(t.list) || t.list[fd] == nil {
		t.mu.Unlock()
		return nil, eBADF
	}
	f = t.list[fd]
	t.list[fd] = nil
	t.mu.Unlock()
	if f.os != nil {
		return f, toErrno(f.os.Close())
	}
	return f, eOK
}

// moved tells the open directories of a tree that from is called to now. What others rename behind the guest's back, or the guest
// by a path that leads through links, is lost to them, for the trees know only paths.
func (t *files) moved(tr tree, from, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.list {
		if f == nil || f.tree != tr {
			continue
		}
		f.mu.Lock()
		if rest, ok := strings.CutPrefix(f.path, from); ok && (rest == "" || rest[0] == '/') {
			f.path = to + rest
		}
		f.mu.Unlock()
	}
}

// nameCost is the bytes charged for an entry of a directory, besides its name twice.
const nameCost = 128

// readNames reads the entries of a directory, which the guest may have made many; they
// are charged. f.mu is held.
func (c *Call) readNames(f *file) errno {
	c.dropNames(f)
	d, err := f.tree.OpenFile(f.path, os.O_RDONLY, 0)
	if err != nil {
		return toErrno(err)
	}
	defer d.Close()
	for err == nil {
		var some []fs.DirEntry
		some, err = d.ReadDir(256)
		cost := int64(0)
		for _, e := range some {
			cost += nameCost + 2*int64(len(e.Name())) // an even number
		}
		if !c.Space.Charge(cost, mem.KindRecord) {
			c.dropNames(f)
			return refused
		}
		f.cost += cost
		f.names = append(f.names, some...)
	}
	if err != io.EOF && len(f.names) == 0 {
		return toErrno(err)
	}
	f.read = true
	return eOK
}

// dropNames forgets the entries. f.mu is held.
func (c *Call) dropNames(f *file) {
	c.Space.Uncharge(f.cost, mem.KindRecord)
	f.names, f.read, f.cost = nil, false, 0
}

func (c *Call) forgetNames(f *file) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.dropNames(f)
}

// Close closes what the guest left open. The machine calls it when it ends.
func (vm *VM) Close() {
	vm.State.Mu.Lock()
	t := vm.State.files
	vm.State.files = nil
	vm.State.Mu.Unlock()
	if t == nil {
		return
	}
	for _, f := range t.list {
		if f == nil {
			continue
		}
		if f.os != nil {
			f.os.Close()
		}
		if r, ok := f.tree.(rooted); ok && f.pre != "" {
			r.Close()
		}
	}
}

// files makes the table at the first use: streams, then granted directories.
func (c *Call) files() *files {
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	if c.State.files != nil {
		return c.State.files
	}
	t := &files{}
	stream := func(f *file) { t.list = append(t.list, f) }
	const character = 2
	stream(&file{r: orEOF(c.Sys.Stdin), kind: character, blocks: true})
	stream(&file{w: orNowhere(c.Sys.Stdout), kind: character})
	stream(&file{w: orNowhere(c.Sys.Stderr), kind: character})
	for _, d := range c.Sys.Dirs {
		var tr tree
		if abs, err := filepath.Abs(d.Host); err == nil && abs == filepath.VolumeName(abs)+string(filepath.Separator) {
			tr = whole{abs}
		} else if r, err := os.OpenRoot(d.Host); err == nil {
			tr = rooted{r}
		} else {
			continue
		}
		if d.ReadOnly {
			tr = readOnly{tr}
		}
		t.list = append(t.list, &file{kind: 3, dir: true, pre: d.Guest, tree: tr, path: "."})
	}
	c.State.files = t
	return t
}

func (c *Call) file(fd int32) *file { return c.files().get(fd) }

func orEOF(r io.Reader) io.Reader {
	if r == nil {
		return eof{}
	}
	return r
}

func orNowhere(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func (c *Call) wallTime() time.Time {
	if c.Sys.Now != nil {
		return c.Sys.Now()
	}
	return time.Now()
}

// entropy fills b from the granted source; a seeded machine repeats itself.
func (c *Call) entropy(b []byte) error {
	switch {
	case c.Sys.Random != nil:
		_, err := io.ReadFull(c.Sys.Random, b)
		return err
	case c.Flags.Seed != 0:
		for len(b) > 0 {
			var w [8]byte
			binary.LittleEndian.PutUint64(w[:], c.random())
			b = b[copy(b, w[:]):]
		}
		return nil
	}
	_, err := rand.Read(b)
	return err
}

// fdReaddir(fd, buf, len, cookie, *n): entries from the cookie-th on, as many bytes as fit.
func fdReaddir(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil {
		return eBADF
	}
	if !f.dir || f.tree == nil {
		return eNOTDIR
	}
	buf, ok := w.bytes(1)
	if !ok {
		return eFAULT
	}
	cookie := w.u64(3)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.read || cookie == 0 {
		if e := w.readNames(f); e != eOK {
			return e
		}
	}
	n := 0
	for i := cookie; i < uint64(len(f.names)) && n < len(buf); i++ {
		e := f.names[i]
		name := e.Name()
		var rec [24]byte
		binary.LittleEndian.PutUint64(rec[0:], i+1)
		binary.LittleEndian.PutUint64(rec[8:], i+1)
		binary.LittleEndian.PutUint32(rec[16:], uint32(len(name)))
		rec[20] = filetype(e.Type())
		n += copy(buf[n:], rec[:])
		n += copy(buf[n:], name)
	}
	w.Space.Store32(w.u64(4), uint32(n))
	return eOK
}
