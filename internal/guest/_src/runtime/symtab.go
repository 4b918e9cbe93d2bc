package runtime

import "unsafe"

// Callers, frames and functions. A program counter is the guest text address
// after the calling instruction, or a number behind the text for a call that was inlined
// around it; a *Func is the text address of the function's header, or such a number for a
// function that was inlined. Neither is ever dereferenced.

// callers fills pcs with the program counters of the goroutine's frames, leaving
// out the first skip (0: the function that called callers), wrappers not counted.
//
//go:noescape
func callers(skip int, pcs []uintptr) int

// frameAt describes the logical frame at a return program counter; entry is 0 if pc belongs to no function.
func frameAt(pc uintptr) (name, file string, line int, entry uintptr, start int, inlined bool)

// funcAt describes the function that contains pc, or that handle pc stands for: its handle, the address of the code that
// it is part of, its name, and file and line of its declaration.
func funcAt(pc uintptr) (handle, entry uintptr, name, file string, line int)

// Caller reports where the caller's skip-th frame was executing.
func Caller(skip int) (pc uintptr, file string, line int, ok bool) {
	var pcs [1]uintptr
	if callers(skip+1, pcs[:]) < 1 {
		return
	}
	pc = pcs[0]
	_, file, line, entry, _, _ := frameAt(pc)
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
type Frames struct{ pcs []uintptr }

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
		f.pcs = f.pcs[1:]
		name, file, line, entry, start, inlined := frameAt(pc)
		if entry == 0 {
			continue
		}
		frame = Frame{PC: pc - 1, Function: name, File: file, Line: line, Entry: entry, startLine: start}
		if !inlined {
			frame.Func = (*Func)(unsafe.Pointer(entry))
		}
		return frame, len(f.pcs) > 0
	}
	return Frame{}, false
}

//go:linkname runtime_FrameStartLine runtime/pprof.runtime_FrameStartLine
func runtime_FrameStartLine(f *Frame) int { return f.startLine }

//go:linkname runtime_FrameSymbolName runtime/pprof.runtime_FrameSymbolName
func runtime_FrameSymbolName(f *Frame) string { return f.Function }

//go:linkname runtime_expandFinalInlineFrame runtime/pprof.runtime_expandFinalInlineFrame
func runtime_expandFinalInlineFrame(stk []uintptr) []uintptr {
	if len(stk) == 0 {
		return stk
	}
	var around [64]uintptr
	n := callersAround(stk[len(stk)-1], around[:])
	return append(stk, around[:n]...)
}

// callersAround fills pcs with the program counters of the calls around pc that the compiler has inlined into one
// function, innermost first.
//
//go:noescape
func callersAround(pc uintptr, pcs []uintptr) int

// Func is a function of the program.
type Func struct {
	opaque struct{}
}

// FuncForPC returns the function that contains pc, or nil.
func FuncForPC(pc uintptr) *Func {
	handle, _, _, _, _ := funcAt(pc)
	return (*Func)(unsafe.Pointer(handle))
}

// Name is the function's name.
func (f *Func) Name() string {
	if f == nil {
		return ""
	}
	_, _, name, _, _ := funcAt(uintptr(unsafe.Pointer(f)))
	return name
}

// Entry is the address of the function's code.
func (f *Func) Entry() uintptr {
	_, entry, _, _, _ := funcAt(uintptr(unsafe.Pointer(f)))
	return entry
}

// FileLine is the position of pc, which should be in f.
func (f *Func) FileLine(pc uintptr) (file string, line int) {
	if handle, entry, _, file, line := funcAt(uintptr(unsafe.Pointer(f))); pc == entry || handle != entry {
		return file, line
	}
	_, file, line, _, _, _ = frameAt(pc | 1) // never a code pointer, and in the instruction of pc
	return file, line
}

// Stack writes a traceback of the calling goroutine, or of all, into buf.
func Stack(buf []byte, all bool) int { return stackText(buf, all) }

//go:noescape
func stackText(buf []byte, all bool) int

// setTraceback says how much the report of a fatal end shows, unless the environment asks for more.
//
//go:linkname setTraceback runtime/debug.SetTraceback
func setTraceback(level string)

//go:linkname runtime_setCrashFD runtime/debug.runtime_setCrashFD
func runtime_setCrashFD(fd uintptr) uintptr { return ^uintptr(0) }

//go:linkname debug_modinfo runtime/debug.modinfo
func debug_modinfo() string {
	const frame = "16 bytes of mark" // package debug cuts so many off either end
	return frame + stringOf(3, 0) + frame
}
