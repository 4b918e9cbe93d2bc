package lower

// Linking
//
// When the set of functions and objects is closed, their places are fixed and every
// Frag is completed:
//
//  1. functions lie in the text in the order in which they were found, so that a
//     function is near its first caller; entry = sum of the lengths before it;
//  2. objects get their addresses (data.go);
//  3. each Frag is copied into the text, its fixups are applied, its stack maps go to
//     the pool, and its record gets names, positions and final numbers;
//  4. relocations of objects are resolved.

import (
	"encoding/binary"
	"fmt"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// node is a function of the program.
type node struct {
	fn    *tree.Func
	frag  *Frag
	index int32  // in Program.Funcs
	entry uint32 // instruction index of the header
}

// link makes the program out of what the worklist has gathered.
func (k *linker) link() (*bytecode.Program, error) {
	k.desc.finish()
	for _, t := range k.desc.order {
		if l := k.ls.Of(t); l.Mask != nil || l.PtrBytes == 0 { // others get a number only if the program makes some
			k.typeID(t)
		}
	}
	k.im.place(abi.DataBase)
	if end := k.im.end[secBSS]; end > abi.DataEnd {
		return nil, fmt.Errorf("the constants and global variables of the program take %d bytes, at most %d are possible", end-abi.DataBase, abi.DataEnd-abi.DataBase)
	}
	p := &bytecode.Program{
		GoVersion: k.opts.GoVersion, GOROOT: k.opts.GOROOT, GODEBUG: k.opts.GODEBUG, BuildInfo: k.opts.BuildInfo, Main: k.opts.Main, Natives: k.natives,
		Syms: map[string]uint64{}, Hooks: map[string]int32{}, TypeIDs: map[uint64]abi.TypeID{},
	}
	n := uint32(0)
	for i, f := range k.nodes {
		f.index, f.entry = int32(i), n
		n += uint32(len(f.frag.Code))
	}
	p.Code = make([]bytecode.Ins, 0, n)
	p.Funcs = make([]abi.Func, 0, len(k.nodes))
	pos := positions{fset: k.fset(), files: map[string]int32{}}
	for _, f := range k.nodes {
		if err := k.place(p, f, &pos); err != nil {
			return nil, err
		}
	}
	p.Files = pos.names
	if len(p.Files) == 0 {
		p.Files = []string{""}
	}
	for _, name := range abi.Hooks {
		p.Hooks[name] = k.byFunc[k.hooks[name]].index
	}
	if err := k.resolve(); err != nil {
		return nil, err
	}
	im := &k.im
	p.ROBase, p.RO = im.start[secTypes], im.bytesOf(secTypes, secRO)
	p.RWBase, p.RW = im.start[secRW], im.bytesOf(secRW, secRW)
	p.BSS = im.end[secBSS] - im.end[secRW]
	p.TypesBase, p.TypesEnd = im.start[secTypes], im.end[secTypes]
	k.pointers(p)
	for _, l := range k.desc.links {
		p.Typelinks = append(p.Typelinks, l.obj.addr)
	}
	for _, o := range k.desc.tabs {
		p.Itabs = append(p.Itabs, o.addr)
	}
	p.Types = k.types
	for _, t := range k.desc.order {
		id, ok := k.typeIDs[t]
		if !ok {
			continue
		}
		a := k.desc.objs[t].addr
		p.Types[id].RType = a
		p.TypeIDs[a] = id
	}
	for _, v := range k.globalOrder {
		if strings.HasPrefix(v.Sym, "runtime.") {
			p.Syms[v.Sym] = k.globals[v].addr
		}
	}
	return p, nil
}

// place copies one function into the text.
func (k *linker) place(p *bytecode.Program, f *node, pos *positions) error {
	at := len(p.Code)
	p.Code = append(p.Code, f.frag.Code...)
	code := p.Code[at:]
	code[0].Imm = int64(f.index)
	for i := range f.frag.Fix {
		x := &f.frag.Fix[i]
		ins := &code[x.At]
		if x.Kind == FixTypeIDC {
			id := k.typeID(x.Type)
			if id > 65535 {
				return fmt.Errorf("%s: the program has more than 65535 types that are copied in one piece", f.fn.Sym)
			}
			ins.C = uint16(id)
			continue
		}
		v, err := k.value(x)
		if err != nil {
			return fmt.Errorf("BUG: lower: %s+%d: %v", f.fn.Sym, x.At, err)
		}
		if x.Kind == FixCall {
			callee := k.byFunc[k.target(x)]
			v = int64(callee.entry) * abi.InsBytes
			ins.C = 0
			if c := uint32(ins.A) + callee.frag.Info.Frame; c <= 65535 {
				ins.C = uint16(c)
			}
		}
		ins.Imm = v
	}
	r := f.frag.Info
	r.Sym, r.Name = f.fn.Sym, f.fn.Name
	r.Entry, r.End = uint32(at), uint32(len(p.Code))
	for _, o := range f.frag.Objects {
		r.Objects = append(r.Objects, abi.StackObject{Slot: o.Slot, Type: k.typeID(o.Type), Size: o.Size})
	}
	base := uint32(len(p.MapPool))
	p.MapPool = append(p.MapPool, f.frag.Pool...)
	r.Maps = append([]uint32(nil), r.Maps...)
	for i := range r.Maps {
		r.Maps[i] += base
	}
	if r.Flags&abi.HasDefer != 0 {
		r.DeferMap += base
	}
	if f.fn.Flags&tree.Wrapper != 0 || reflectWrapper[f.fn.Sym] {
		r.Flags |= abi.Wrapper
	}
	if f.fn.Sym == "runtime.gopanic" {
		r.Flags |= abi.PanicFunc
	}
	if systemPackage(f.fn.Pkg) {
		r.Flags |= abi.System
	}
	var file int32
	file, r.Line = pos.of(f.fn.Pos)
	if f.fn.Pos.IsValid() {
		r.File = pos.names[file]
	}
	if k.opts.Columns {
		for _, run := range f.frag.Pos {
			col := 0
			if run.Pos.IsValid() {
				col = pos.fset.Position(tree.Place(run.Pos)).Column
			}
			p.Columns = append(p.Columns, bytecode.Column{Start: r.Entry + run.Start, Col: int32(col)})
		}
	}
	r.Lines = make([]abi.Line, 0, len(f.frag.Pos))
	calls := inlinedCalls{k: k, r: &r, pos: pos}
	for _, run := range f.frag.Pos {
		l := abi.Line{Start: run.Start, File: file, Line: r.Line, Inl: -1}
		if run.Pos.IsValid() {
			at := calls.seen(run.Pos)
			l.File, l.Line = pos.of(at)
			l.Inl = calls.record(tree.InlinedAt(at))
		}
		if n := len(r.Lines); n > 0 {
			last := &r.Lines[n-1]
			if last.File == l.File && last.Line == l.Line && last.Inl == l.Inl {
				continue
			}
			if last.Start == l.Start {
				r.Lines = r.Lines[:n-1]
			}
		}
		r.Lines = append(r.Lines, l)
	}
	p.Funcs = append(p.Funcs, r)
	return nil
}

// inlinedCalls makes the records of the calls that were inlined into one function.
type inlinedCalls struct {
	k   *linker
	r   *abi.Func
	pos *positions
	of  map[int]int32
}

// record is the index of the record of inlined call n of the tree, -1 for 0. A wrapper has none: its frame is
// that of its caller.
func (c *inlinedCalls) record(n int) int32 {
	if n == 0 {
		return -1
	}
	if i, ok := c.of[n]; ok {
		return i
	}
	call := &c.k.p.Inlined[n-1]
	at := c.seen(call.Call)
	i := c.record(tree.InlinedAt(at))
	if call.F.Flags&tree.Wrapper == 0 {
		rec := abi.InlCall{Name: call.F.Name, Parent: i}
		rec.File, rec.Line = c.pos.of(at)
		rec.Callee, rec.Start = c.pos.of(call.F.Pos)
		i = int32(len(c.r.Inl))
		c.r.Inl = append(c.r.Inl, rec)
	}
	if c.of == nil {
		c.of = map[int]int32{}
	}
	c.of[n] = i
	return i
}

// seen is the place that tracebacks show for pos: what stands in the copy of a wrapper is where the wrapper was called.
func (c *inlinedCalls) seen(pos token.Pos) token.Pos {
	for n := tree.InlinedAt(pos); n > 0 && c.k.p.Inlined[n-1].F.Flags&tree.Wrapper != 0; n = tree.InlinedAt(pos) {
		pos = c.k.p.Inlined[n-1].Call
	}
	return pos
}

// reflectWrapper are the functions between a func value made by reflect and what it
// stands for. Like other wrappers they do not count for recover.
var reflectWrapper = map[string]bool{
	"reflect.makeFuncStub": true, "reflect.callReflect": true, "reflect.methodValueCall": true, "reflect.callMethod": true,
}

// systemPackage reports whether tracebacks of user programs leave out the functions of a package.
func systemPackage(path string) bool {
	return path == "runtime" || strings.HasPrefix(path, "internal/runtime/") || path == ""
}

// target is the function that a FixCall means.
func (k *linker) target(x *Fixup) *tree.Func {
	if x.Fn != nil {
		return x.Fn
	}
	return k.bySym(x.Sym)
}

// value computes what a fixup writes into Imm.
func (k *linker) value(x *Fixup) (int64, error) {
	switch x.Kind {
	case FixCall, FixCode:
		f := k.byFunc[k.target(x)]
		if f == nil {
			return 0, fmt.Errorf("function %s%s is not in the program", x.Sym, symOf(x.Fn))
		}
		return int64(abi.TextBase) + int64(f.entry)*abi.InsBytes, nil
	case FixFuncVal:
		return int64(k.funcVals[x.Fn].addr), nil
	case FixType:
		return int64(k.desc.of(x.Type).addr), nil
	case FixItab:
		return int64(k.desc.itab(x.Type, x.Iface, k.unreachable).addr), nil
	case FixTypeID:
		return int64(k.typeID(x.Type)), nil
	case FixGlobal:
		return int64(k.globals[x.Var].addr) + x.Add, nil
	case FixString:
		if x.Str == "" {
			return 0, nil
		}
		return int64(k.strings[x.Str].addr), nil
	case FixData:
		return int64(k.datas[x.Data].addr) + x.Add, nil
	case FixNative:
		return int64(k.nativeIndex[x.Sym]), nil
	}
	return 0, fmt.Errorf("fixup kind %d", x.Kind)
}

func symOf(f *tree.Func) string {
	if f == nil {
		return ""
	}
	return f.Sym
}

// resolve writes the relocations of all objects.
func (k *linker) resolve() error {
	base := int64(k.im.start[secTypes])
	for _, objs := range k.im.objs {
		for _, o := range objs {
			for i := range o.relocs {
				r := &o.relocs[i]
				var v int64
				switch r.kind {
				case relAddr:
					v = int64(r.obj.addr) + r.add
				case relOff:
					v = int64(r.obj.addr) - base
				case relCode, relText:
					f := k.byFunc[r.fn]
					if f == nil {
						return fmt.Errorf("BUG: lower: %s refers to function %s, which is not in the program", o.name, symOf(r.fn))
					}
					v = int64(f.entry) * abi.InsBytes
					if r.kind == relCode {
						v += int64(abi.TextBase)
					}
				}
				if r.kind == relAddr || r.kind == relCode {
					binary.LittleEndian.PutUint64(o.bytes[r.off:], uint64(v))
				} else {
					if v != int64(int32(v)) {
						return fmt.Errorf("%s: offset %#x is beyond 2 GiB", o.name, v)
					}
					binary.LittleEndian.PutUint32(o.bytes[r.off:], uint32(v))
				}
			}
		}
	}
	return nil
}

// pointers marks the pointer words of the writable part.
func (k *linker) pointers(p *bytecode.Program) {
	words := (uint64(len(p.RW)) + p.BSS + 7) / 8
	p.RWPtrs = make([]uint64, (words+63)/64)
	for _, s := range []section{secRW, secBSS} {
		for _, o := range k.im.objs[s] {
			if o.layout == nil {
				continue
			}
			first := (o.addr - p.RWBase) / 8
			for i := range uint64(o.layout.PtrBytes / 8) {
				if o.layout.Pointer(int64(i)) {
					p.RWPtrs[(first+i)/64] |= 1 << ((first + i) % 64)
				}
			}
		}
	}
}

// typeID numbers the pointer maps. 0 stays "unknown".
func (k *linker) typeID(t types.Type) abi.TypeID {
	if id, ok := k.typeIDs[t]; ok {
		return id
	}
	c := t
	if !k.desc.noalg[t] {
		c = k.p.Canon(t)
	}
	id, ok := k.typeIDs[c]
	if !ok {
		l := k.ls.Of(c)
		id = abi.TypeID(len(k.types))
		k.types = append(k.types, abi.GCType{Size: uint64(l.Size), PtrBytes: uint64(l.PtrBytes), Mask: l.mask(), Name: k.desc.namer.text(c, modeName)})
		k.typeIDs[c] = id
	}
	k.typeIDs[t] = id
	return id
}

// positions turns token positions into file numbers and lines.
type positions struct {
	fset  *token.FileSet
	last  *token.File
	files map[string]int32
	names []string
	lastN string
	lastI int32
}

func (ps *positions) of(p token.Pos) (file int32, line int32) {
	if p = tree.Place(p); !p.IsValid() || ps.fset == nil {
		return ps.file(""), 0
	}
	if ps.last == nil || int(p) < ps.last.Base() || int(p) > ps.last.Base()+ps.last.Size() {
		ps.last = ps.fset.File(p)
		if ps.last == nil {
			return ps.file(""), 0
		}
	}
	at := ps.last.PositionFor(p, true)
	if at.Filename != ps.last.Name() {
		return ps.file(ps.directive(at.Filename)), int32(at.Line)
	}
	return ps.file(at.Filename), int32(at.Line)
}

// directive is the file name of a line directive as it is written there. The
// scanner has put the source's folder in front of a relative one.
func (ps *positions) directive(name string) string {
	if name == "" {
		return "??"
	}
	if rest, ok := strings.CutPrefix(name, filepath.Dir(ps.last.Name())+string(filepath.Separator)); ok {
		return rest
	}
	return name
}

func (ps *positions) file(name string) int32 {
	if name == ps.lastN && len(ps.names) > 0 {
		return ps.lastI
	}
	i, ok := ps.files[name]
	if !ok {
		i = int32(len(ps.names))
		ps.names = append(ps.names, name)
		ps.files[name] = i
	}
	ps.lastN, ps.lastI = name, i
	return i
}
