package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	pathpkg "path"
	"strings"
	"syscall"
	"time"

	"github.com/terrarium-go/terrarium/internal/mem"
	"github.com/terrarium-go/terrarium/internal/sched"
)

// The operating system surface: WASI preview 1, as std's package syscall imports
// it. A machine starts with the three standard streams as descriptors 0 to 2 and
// one descriptor per granted directory from 3 on; every other descriptor comes from
// path_open below one of those. What was not granted has no name: there is no call
// here that opens anything by an absolute path of the host.
//
// Arguments lie at the ABI0 offsets of the Go signatures; sizes() computes them.

// errno is a WASI error number.
type errno uint32

const (
	eOK       errno = 0
	eACCES    errno = 2
	eAGAIN    errno = 6
	eBADF     errno = 8
	eEXIST    errno = 20
	eFAULT    errno = 21
	eINVAL    errno = 28
	eIO       errno = 29
	eISDIR    errno = 31
	eLOOP     errno = 32
	eMFILE    errno = 33
	eNOENT    errno = 44
	eNOSYS    errno = 52
	eNOTDIR   errno = 54
	eNOTEMPTY errno = 55
	eNOTSOCK  errno = 57
	ePERM     errno = 63
	ePIPE     errno = 64
	eROFS     errno = 69
	eSPIPE    errno = 70
	eNOTCAP   errno = 76
)

// toErrno translates an error of the host.
func toErrno(err error) errno {
	if err == nil {
		return eOK
	}
	var e syscall.Errno
	if errors.As(err, &e) {
		switch e {
		case syscall.ENOTDIR:
			return eNOTDIR
		case syscall.EISDIR:
			return eISDIR
		case syscall.ENOTEMPTY:
			return eNOTEMPTY
		case syscall.EINVAL:
			return eINVAL
		case syscall.ELOOP:
			return eLOOP
		case syscall.EPIPE:
			return ePIPE
		case syscall.ESPIPE:
			return eSPIPE
		case syscall.EAGAIN:
			return eAGAIN
		case syscall.EBADF:
			return eBADF
		case syscall.EPERM:
			return ePERM
		case syscall.EROFS:
			return eROFS
		case syscall.EMFILE, syscall.ENFILE:
			return eMFILE
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return eNOENT
	case errors.Is(err, fs.ErrExist):
		return eEXIST
	case errors.Is(err, fs.ErrPermission):
		return eACCES
	case errors.Is(err, fs.ErrInvalid):
		return eINVAL
	case errors.Is(err, fs.ErrClosed):
		return eBADF
	case strings.Contains(err.Error(), "escapes from parent"):
		return eNOTCAP
	}
	return eIO
}

// wcall is one WASI call: offsets of its arguments and of the result.
type wcall struct {
	*Call
	off []int
	ret int
}

func (w wcall) i32(i int) int32  { return int32(w.U32(w.off[i])) }
func (w wcall) u32(i int) uint32 { return w.U32(w.off[i]) }
func (w wcall) u64(i int) uint64 { return w.Arg(w.off[i] / 8) }

// path is the string of the pointer argument i and the length argument i+1.
func (w wcall) path(i int) (string, bool) {
	n := w.u32(i + 1)
	if n > 1<<16 {
		return "", false
	}
	return w.Space.ReadString(w.u64(i), uint64(n))
}

// bytes is guest memory of the pointer argument i and the length argument i+1.
func (w wcall) bytes(i int) ([]byte, bool) { return w.Space.Bytes(w.u64(i), uint64(w.u32(i+1))) }

// writable reports whether n bytes at the address of argument i may be written, as far as can be seen.
func (w wcall) writable(i int) bool { return w.u64(i) >= mem.DataBase && w.u64(i) < mem.HeapEnd }

// Two answers that are no error numbers: the goroutine waits, memory is short.
const (
	parked  errno = 1 << 30
	refused errno = 1<<30 + 1
)

// transfer is a read or write that may wait, done on a host goroutine of its own.
type transfer struct {
	buf []byte
	n   int
	err error
}

// wait parks the goroutine while do runs; the call is repeated afterwards and
// finds t with finished.
func (w wcall) wait(t *transfer, do func()) errno {
	if !w.Space.Charge(t.cost(), mem.KindRecord) {
		return refused
	}
	w.State.Mu.Lock()
	if w.State.transfers == nil {
		w.State.transfers = map[uint64]*transfer{}
	}
	w.State.transfers[w.G.ID] = t
	w.State.Mu.Unlock()
	if !w.Sched.Block(w.G, sched.WaitHost, do) {
		w.takeTransfer()
		return refused
	}
	return parked
}

// cost is the bytes charged for a transfer.
func (t *transfer) cost() int64 { return int64(len(t.buf)) + 128 }

// takeTransfer is the transfer of this goroutine, or nil; its bytes are no longer charged.
func (w wcall) takeTransfer() *transfer {
	w.State.Mu.Lock()
	t := w.State.transfers[w.G.ID]
	delete(w.State.transfers, w.G.ID)
	w.State.Mu.Unlock()
	if t != nil {
		w.Space.Uncharge(t.cost(), mem.KindRecord)
	}
	return t
}

// finished is the transfer for which this goroutine has waited, or nil at the first call.
func (w wcall) finished() *transfer {
	if !w.G.TakeResumed() {
		return nil
	}
	return w.takeTransfer()
}

// sizes turns the sizes of a signature's parameters into offsets.
func sizes(list string) (off []int, ret int) {
	at := 0
	for _, ch := range list {
		n := int(ch - '0')
		at = (at + n - 1) &^ (n - 1)
		off = append(off, at)
		at += n
	}
	return off, (at + 7) &^ 7
}

func init() {
	var e []Entry
	reg := func(names, list string, f func(w wcall) errno) {
		off, ret := sizes(list)
		fn := func(c *Call) Status {
			w := wcall{c, off, ret}
			switch r := f(w); r {
			case parked:
				return Park
			case refused:
				return Collect
			default:
				c.Set(ret/8, uint64(r))
				return OK
			}
		}
		for _, n := range strings.Fields(names) {
			e = append(e, Entry{n, fn})
		}
	}
	reg("syscall.fd_close", "4", fdClose)
	reg("syscall.fd_filestat_set_size", "48", fdSetSize)
	reg("syscall.pipe", "8", fdPipe)
	reg("syscall.fd_pread", "48488", fdPread)
	reg("syscall.fd_pwrite", "48488", fdPwrite)
	reg("syscall.fd_read", "4848", fdRead)
	reg("syscall.fd_write", "4848", fdWrite)
	reg("syscall.fd_readdir", "48488", fdReaddir)
	reg("syscall.fd_seek", "4848", fdSeek)
	reg("syscall.fd_fdstat_set_rights", "488", func(w wcall) errno { return w.known(0) })
	reg("syscall.fd_filestat_get", "48", fdFilestat)
	reg("syscall.fd_sync", "4", fdSync)
	reg("syscall.fd_fdstat_get", "48", fdStat)
	reg("syscall.fd_fdstat_set_flags", "44", fdSetFlags)
	reg("syscall.fd_prestat_get", "48", fdPrestat)
	reg("syscall.fd_prestat_dir_name", "484", fdPrestatName)
	reg("syscall.path_mkdir internal/syscall/unix.path_mkdir", "4844", pathMkdir)
	reg("syscall.path_chmod internal/syscall/unix.path_chmod", "44844", pathChmod)
	reg("syscall.fd_chmod", "44", fdChmod)
	reg("syscall.path_filestat_get internal/syscall/unix.path_filestat_get", "44848", pathFilestat)
	reg("syscall.path_filestat_set_times internal/syscall/unix.path_filestat_set_times", "4484884", pathSetTimes)
	reg("syscall.path_link internal/syscall/unix.path_link", "4484484", pathLink)
	reg("syscall.path_readlink internal/syscall/unix.path_readlink", "484848", pathReadlink)
	reg("syscall.path_remove_directory internal/syscall/unix.path_remove_directory", "484", pathRmdir)
	reg("syscall.path_rename internal/syscall/unix.path_rename", "484484", pathRename)
	reg("syscall.path_symlink internal/syscall/unix.path_symlink", "84484", pathSymlink)
	reg("syscall.path_unlink_file internal/syscall/unix.path_unlink_file", "484", pathUnlink)
	reg("syscall.path_open", "448448848", pathOpen)
	reg("syscall.random_get", "84", randomGet)
	reg("syscall.sock_accept", "448", func(w wcall) errno { return eNOTSOCK })
	reg("syscall.sock_shutdown", "44", func(w wcall) errno { return eNOTSOCK })
	reg("syscall.clock_time_get", "488", clockTime)
	Register(e)
}

func (w wcall) known(i int) errno {
	if w.file(w.i32(i)) == nil {
		return eBADF
	}
	return eOK
}

// vec reads the one iovec that package syscall passes: pointer, then 32-bit length.
func (w wcall) vec(i int) ([]byte, bool) {
	a := w.u64(i)
	return w.Space.Bytes(w.Space.Load64(a), uint64(w.Space.Load32(a+8)))
}

func (w wcall) count(i int, n int, err error) errno {
	if err != nil && !errors.Is(err, io.EOF) && n == 0 {
		return toErrno(err)
	}
	w.Space.Store32(w.u64(i), uint32(n))
	return eOK
}

func fdClose(w wcall) errno {
	f, e := w.files().close(w.i32(0))
	if f != nil && f.pipe != nil {
		f.pipe.closeEnd(w.Call, f.end)
	} else if f != nil {
		w.forgetNames(f)
	}
	return e
}

func fdSetSize(w wcall) errno {
	f := w.file(w.i32(0))
	if f != nil && f.pipe != nil {
		return eINVAL
	}
	if f == nil || f.os == nil {
		return eBADF
	}
	return toErrno(f.os.Truncate(int64(w.u64(1))))
}

func fdPread(w wcall) errno {
	f := w.file(w.i32(0))
	if f != nil && f.pipe != nil {
		return eSPIPE
	}
	if f == nil || f.os == nil {
		return eBADF
	}
	b, ok := w.vec(1)
	if !ok {
		return eFAULT
	}
	n, err := f.os.ReadAt(b, int64(w.u64(3)))
	return w.count(4, n, err)
}

func fdPwrite(w wcall) errno {
	f := w.file(w.i32(0))
	if f != nil && f.pipe != nil {
		return eSPIPE
	}
	if f == nil || f.os == nil {
		return eBADF
	}
	b, ok := w.vec(1)
	if !ok {
		return eFAULT
	}
	n, err := f.os.WriteAt(b, int64(w.u64(3)))
	return w.count(4, n, err)
}

func fdRead(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil || f.r == nil && f.pipe == nil {
		return eBADF
	}
	if f.dir {
		return eISDIR
	}
	b, ok := w.vec(1)
	if !ok {
		return eFAULT
	}
	if len(b) == 0 {
		return w.count(3, 0, nil)
	}
	if f.pipe != nil {
		return f.pipe.read(w, f, b)
	}
	if f.blocks {
		if t := w.finished(); t != nil {
			copy(b, t.buf[:t.n])
			return w.count(3, t.n, t.err)
		}
		// The read goes to host memory: guest memory may change hands meanwhile.
		t := &transfer{buf: make([]byte, min(len(b), 1<<16))}
		return w.wait(t, func() { t.n, t.err = f.r.Read(t.buf) })
	}
	n, err := f.r.Read(b)
	return w.count(3, n, err)
}

func fdWrite(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil || f.w == nil && f.pipe == nil {
		return eBADF
	}
	b, ok := w.vec(1)
	if !ok {
		return eFAULT
	}
	if f.pipe != nil {
		return f.pipe.write(w, f, b)
	}
	if f.blocks {
		if t := w.finished(); t != nil {
			return w.count(3, t.n, t.err)
		}
		t := &transfer{buf: append([]byte(nil), b[:min(len(b), 1<<20)]...)}
		return w.wait(t, func() { t.n, t.err = f.w.Write(t.buf) })
	}
	n, err := f.w.Write(b)
	return w.count(3, n, err)
}

func fdSeek(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil {
		return eBADF
	}
	if f.os == nil {
		return eSPIPE
	}
	whence := int(w.u32(2))
	if whence > 2 {
		return eINVAL
	}
	pos, err := f.os.Seek(int64(w.u64(1)), whence)
	if err != nil {
		return toErrno(err)
	}
	w.Space.Store64(w.u64(3), uint64(pos))
	return eOK
}

func fdSync(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil {
		return eBADF
	}
	if f.pipe != nil {
		return eINVAL
	}
	if f.os != nil {
		return toErrno(f.os.Sync())
	}
	return eOK
}

func filetype(m fs.FileMode) uint8 {
	switch {
	case m.IsRegular():
		return 4
	case m.IsDir():
		return 3
	case m&fs.ModeSymlink != 0:
		return 7
	case m&fs.ModeCharDevice != 0:
		return 2
	case m&fs.ModeDevice != 0:
		return 1
	case m&fs.ModeSocket != 0:
		return 6
	case m&fs.ModeNamedPipe != 0:
		return kindFIFO
	}
	return 0
}

// Permissions as numbers of the guest: nine bits, and above them setuid, setgid and sticky.
var specials = [...]struct {
	bit  uint32
	mode fs.FileMode
}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}}

func permissions(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for _, s := range specials {
		if m&s.mode != 0 {
			bits |= s.bit
		}
	}
	return bits
}

func fileMode(bits uint32) fs.FileMode {
	m := fs.FileMode(bits) & fs.ModePerm
	for _, s := range specials {
		if bits&s.bit != 0 {
			m |= s.mode
		}
	}
	return m
}

// putStat writes a Stat_t of the guest: the 64 bytes of a filestat, the permissions (8 bytes), user and group (4 bytes each).
func (w wcall) putStat(i int, fi fs.FileInfo) errno {
	if !w.writable(i) {
		return eFAULT
	}
	a := w.u64(i)
	dev, ino, nlink, atime := identity(fi)
	s := w.Space
	s.Store64(a, dev)
	s.Store64(a+8, ino)
	s.Store64(a+16, uint64(filetype(fi.Mode())))
	s.Store64(a+24, nlink)
	s.Store64(a+32, uint64(fi.Size()))
	s.Store64(a+40, uint64(atime.UnixNano()))
	s.Store64(a+48, uint64(fi.ModTime().UnixNano()))
	s.Store64(a+56, uint64(fi.ModTime().UnixNano()))
	uid, gid := owner(fi)
	s.Store64(a+64, uint64(permissions(fi.Mode())))
	s.Store32(a+72, uid)
	s.Store32(a+76, gid)
	return eOK
}

func fdFilestat(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil {
		return eBADF
	}
	if f.os == nil {
		if fi := f.stream(); fi != nil {
			return w.putStat(1, fi)
		}
		if !w.writable(1) {
			return eFAULT
		}
		a := w.u64(1)
		w.Space.Zero(a, 80)
		w.Space.Store8(a+16, f.kind)
		w.Space.Store64(a+24, 1)
		w.Space.Store64(a+64, 0o600)
		return eOK
	}
	fi, err := f.os.Stat()
	if err != nil {
		return toErrno(err)
	}
	return w.putStat(1, fi)
}

// flagNonblock is the descriptor flag of non-blocking mode.
const flagNonblock = 4

const allRights = 1<<30 - 1

func fdStat(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil {
		return eBADF
	}
	if !w.writable(1) {
		return eFAULT
	}
	a := w.u64(1)
	w.Space.Zero(a, 24)
	w.Space.Store8(a, f.kind)
	w.Space.Store16(a+2, uint16(f.flags.Load()))
	w.Space.Store64(a+8, allRights)
	w.Space.Store64(a+16, allRights)
	return eOK
}

func fdSetFlags(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil {
		return eBADF
	}
	f.flags.Store(w.u32(1))
	return eOK
}

func fdPrestat(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil || f.pre == "" {
		return eBADF
	}
	w.Space.Store64(w.u64(1), uint64(len(f.pre))<<32)
	return eOK
}

func fdPrestatName(w wcall) errno {
	f := w.file(w.i32(0))
	if f == nil || f.pre == "" {
		return eBADF
	}
	b, ok := w.bytes(1)
	if !ok {
		return eFAULT
	}
	copy(b, f.pre)
	return eOK
}

// at finds the directory tree of descriptor argument i and the path of arguments j, j+1.
func (w wcall) at(i, j int) (t tree, path string, e errno) {
	f := w.file(w.i32(i))
	if f == nil || f.tree == nil {
		return nil, "", eBADF
	}
	path, ok := w.path(j)
	if !ok {
		return nil, "", eFAULT
	}
	if strings.IndexByte(path, 0) >= 0 {
		return nil, "", eINVAL
	}
	return f.tree, f.join(path), eOK
}

func pathMkdir(w wcall) errno {
	t, p, e := w.at(0, 1)
	if e != eOK {
		return e
	}
	return toErrno(t.Mkdir(p, fileMode(w.u32(3))))
}

// pathChmod(dir, lookup flags, path, length, permissions)
func pathChmod(w wcall) errno {
	t, p, e := w.at(0, 2)
	if e != eOK {
		return e
	}
	if w.u32(1)&1 == 0 {
		if fi, err := t.stat(p, false); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			return eLOOP
		}
	}
	return toErrno(t.Chmod(p, fileMode(w.u32(4))))
}

// fdChmod(fd, permissions)
func fdChmod(w wcall) errno {
	f := w.file(w.i32(0))
	switch {
	case f == nil:
		return eBADF
	case f.os == nil:
		return eINVAL
	case f.fixed:
		return eACCES
	}
	return toErrno(f.os.Chmod(fileMode(w.u32(1))))
}

func pathFilestat(w wcall) errno {
	t, p, e := w.at(0, 2)
	if e != eOK {
		return e
	}
	// A slash at the end asks for the directory behind a link.
	name, _ := w.path(2)
	dir := strings.HasSuffix(name, "/")
	fi, err := t.stat(p, dir || w.u32(1)&1 != 0)
	if err != nil {
		return toErrno(err)
	}
	if dir && !fi.IsDir() {
		return eNOTDIR
	}
	return w.putStat(4, fi)
}

func pathSetTimes(w wcall) errno {
	t, p, e := w.at(0, 2)
	if e != eOK {
		return e
	}
	now := w.wallTime()
	pick := func(v uint64, set, toNow uint32) time.Time {
		switch fl := w.u32(6); {
		case fl&toNow != 0:
			return now
		case fl&set != 0:
			return time.Unix(0, int64(v))
		}
		return time.Time{}
	}
	return toErrno(t.Chtimes(p, pick(w.u64(4), 1, 2), pick(w.u64(5), 4, 8)))
}

func pathLink(w wcall) errno {
	t, from, e := w.at(0, 2)
	if e != eOK {
		return e
	}
	t2, to, e := w.at(4, 5)
	if e != eOK {
		return e
	}
	if t != t2 {
		return eNOTCAP
	}
	return toErrno(t.Link(from, to))
}

func pathReadlink(w wcall) errno {
	t, p, e := w.at(0, 1)
	if e != eOK {
		return e
	}
	s, err := t.Readlink(p)
	if err != nil {
		return toErrno(err)
	}
	b, ok := w.bytes(3)
	if !ok {
		return eFAULT
	}
	w.Space.Store32(w.u64(5), uint32(copy(b, s)))
	return eOK
}

func pathRmdir(w wcall) errno {
	t, p, e := w.at(0, 1)
	if e != eOK {
		return e
	}
	// As rmdir(2) has it: neither a directory by its own dot, nor one that it is below.
	name, _ := w.path(1)
	switch pathpkg.Base(name) {
	case ".":
		return eINVAL
	case "..":
		return eNOTEMPTY
	}
	fi, err := t.stat(p, false)
	if err == nil && !fi.IsDir() {
		return eNOTDIR
	}
	return toErrno(t.Remove(p))
}

func pathUnlink(w wcall) errno {
	t, p, e := w.at(0, 1)
	if e != eOK {
		return e
	}
	fi, err := t.stat(p, false)
	if err == nil && fi.IsDir() {
		return eISDIR
	}
	return toErrno(t.Remove(p))
}

func pathRename(w wcall) errno {
	t, from, e := w.at(0, 1)
	if e != eOK {
		return e
	}
	t2, to, e := w.at(3, 4)
	if e != eOK {
		return e
	}
	if t != t2 {
		return eNOTCAP
	}
	err := t.Rename(from, to)
	if err == nil {
		w.files().moved(t, from, to)
	}
	return toErrno(err)
}

func pathSymlink(w wcall) errno {
	target, ok := w.path(0)
	if !ok {
		return eFAULT
	}
	t, p, e := w.at(2, 3)
	if e != eOK {
		return e
	}
	return toErrno(t.Symlink(target, p))
}

func pathOpen(w wcall) errno {
	t, p, e := w.at(0, 2)
	if e != eOK {
		return e
	}
	const (
		create, directory, excl, trunc = 1, 2, 4, 8
		rightRead, rightWrite          = 1 << 1, 1 << 6
	)
	of, rights, fl := w.u32(4), w.u64(5), w.u32(7)
	mode := os.O_RDONLY
	switch {
	case rights&rightWrite != 0 && rights&rightRead != 0:
		mode = os.O_RDWR
	case rights&rightWrite != 0:
		mode = os.O_WRONLY
	}
	if of&create != 0 {
		mode |= os.O_CREATE
	}
	if of&excl != 0 {
		mode |= os.O_EXCL
	}
	if of&trunc != 0 {
		mode |= os.O_TRUNC
	}
	if fl&1 != 0 {
		mode |= os.O_APPEND
	}
	if w.u32(1)&1 == 0 {
		if fi, err := t.stat(p, false); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			return eLOOP
		}
	}
	f, err := t.OpenFile(p, mode, fileMode(uint32(w.u64(6)>>32)))
	if err != nil {
		return toErrno(err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return toErrno(err)
	}
	if of&directory != 0 && !fi.IsDir() {
		f.Close()
		return eNOTDIR
	}
	file := &file{os: f, r: f, w: f, kind: filetype(fi.Mode()), dir: fi.IsDir()}
	_, file.fixed = t.(readOnly)
	file.flags.Store(fl)
	file.blocks = !fi.Mode().IsRegular() && !fi.IsDir()
	if fi.IsDir() {
		file.tree, file.path = t, p
	}
	fd, e := w.files().add(file)
	if e != eOK {
		f.Close()
		return e
	}
	w.Space.Store32(w.u64(8), uint32(fd))
	return eOK
}

func randomGet(w wcall) errno {
	b, ok := w.bytes(0)
	if !ok {
		return eFAULT
	}
	return toErrno(w.entropy(b))
}

func clockTime(w wcall) errno {
	v := uint64(w.Sched.Nanotime())
	if w.u32(0) == 0 {
		v = uint64(w.wallTime().UnixNano())
	}
	w.Space.Store64(w.u64(2), v)
	return eOK
}
