package runtime

import "unsafe"

// Callers, frames and functions. A program counter is the guest text address
// after the calling instruction; a *Func is the text address of the function's
// header, never dereferenced.

// callers fills pcs with the program counters of the goroutine's frames, leaving
// out the first skip (0: the function that called callers), wrappers not counted.
//
//go:noescape
func callers(skip int, pcs []uintptr) int

// frameAt describes logical frame number i at a return program counter (inlined calls first).
// more tells that frame i+1 exists at this pc; entry is 0 if pc belongs to no function.
func frameAt(pc uintptr, i int) (name, file string, line int, entry uintptr, start int, more bool)

// funcAt describes the function that contains pc: header address, name, file and line of its declaration.
func funcAt(pc uintptr) (entry uintptr, name, file string, line int)

// Caller reports where the caller's skip-th frame was executing.
func Caller(skip int) (pc uintptr, file string, line int, ok bool) {
	var pcs [1]uintptr
	if callers(skip+1, pcs[:]) < 1 {
		return
	}
	pc = pcs[0]
	_, file, line, entry, _, _ := frameAt(pc, 0)
	return pc, file, line, entry != 0
}

// Callers fills pc with the return program counters of the calling goroutine's stack.
// skip 0 is Callers itself, 1 its caller.
func Callers(skip int, pc []uintptr) int {
	if len(pc) == 0 {
		return 0
	}
	return callers(skip, pc)
}

// Frames turns program counters of Callers into logical frames.
type Frames struct {
	pcs []uintptr
	inl int // next logical frame at pcs[0]
}

// Frame is one logical frame.
type Frame struct {
	PC       uintptr
	Func     *Func
	Function string
	File     string
	Line     int
	Entry    uintptr

	startLine int
}

// CallersFrames prepares the frames of callers.
func CallersFrames(callers []uintptr) *Frames { return &Frames{pcs: callers} }

// Next returns the next frame and whether there are more.
func (f *Frames) Next() (frame Frame, more bool) {
	for len(f.pcs) > 0 {
		pc := f.pcs[0]
		name, file, line, entry, start, again := frameAt(pc, f.inl)
		if again {
			f.inl++
		} else {
			f.inl = 0
			f.pcs = f.pcs[1:]
		}
		if entry == 0 {
			continue
		}
		frame = Frame{PC: pc - 1, Func: (*Func)(unsafe.Pointer(entry)), Function: name, File: file, Line: line, Entry: entry, startLine: start}
		return frame, len(f.pcs) > 0
	}
	return Frame{}, false
}

//go:linkname runtime_FrameStartLine runtime/pprof.runtime_FrameStartLine
func runtime_FrameStartLine(f *Frame) int { return f.startLine }

//go:linkname runtime_FrameSymbolName runtime/pprof.runtime_FrameSymbolName
func runtime_FrameSymbolName(f *Frame) string { return f.Function }

//go:linkname runtime_expandFinalInlineFrame runtime/pprof.runtime_expandFinalInlineFrame
func runtime_expandFinalInlineFrame(stk []uintptr) []uintptr { return stk }

// Func is a function of the program.
type Func struct {
	opaque struct{}
}

// FuncForPC returns the function that contains pc, or nil.
func FuncForPC(pc uintptr) *Func {
	entry, _, _, _ := funcAt(pc)
	return (*Func)(unsafe.Pointer(entry))
}

// Name is the function's name.
func (f *Func) Name() string {
	if f == nil {
		return ""
	}
	_, name, _, _ := funcAt(f.Entry())
	return name
}

// Entry is the address of the function's code.
func (f *Func) Entry() uintptr { return uintptr(unsafe.Pointer(f)) }

// FileLine is the position of pc, which should be in f.
func (f *Func) FileLine(pc uintptr) (file string, line int) {
	if pc == f.Entry() {
		_, _, file, line = funcAt(pc)
		return file, line
	}
	_, file, line, _, _, _ = frameAt(pc+1, 0)
	return file, line
}

// Stack writes a traceback of the calling goroutine, or of all, into buf.
func Stack(buf []byte, all bool) int { return stackText(buf, all) }

//go:noescape
func stackText(buf []byte, all bool) int

//go:linkname setTraceback runtime/debug.SetTraceback
func setTraceback(level string) {}

//go:linkname runtime_setCrashFD runtime/debug.runtime_setCrashFD
func runtime_setCrashFD(fd uintptr) uintptr { return ^uintptr(0) }

//go:linkname debug_modinfo runtime/debug.modinfo
func debug_modinfo() string { return "" }
