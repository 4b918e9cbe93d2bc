package lower

// Static data
//
// Package tree decides which values are data (tree.StaticInit, tree.StaticValue) and
// describes them as a Datum: parts at byte offsets. Here a Datum becomes bytes with
// relocations. Globals and the unnamed variables behind static pointers and slices are
// writable and have pointer maps, because the program may store heap pointers there;
// everything else is read-only.

import (
	"encoding/binary"
	"fmt"
	"go/constant"
	"go/types"
	"math"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// staticData keeps what Datums have become. Guarded by linker.mu while code is generated.
type staticData struct {
	datas    map[*tree.Datum]*Data
	writable map[*Data]*Layout // unnamed variables
}

// staticInit turns an initialiser into initial contents of its variable, if it is static.
func (k *linker) staticInit(v *tree.Init) bool {
	if len(v.Lhs) != 1 || v.Lhs[0] == nil {
		return false
	}
	rhs := k.p.BuildInit(v)
	if rhs == nil {
		return false
	}
	d := k.p.StaticInit(rhs)
	if d == nil {
		return false
	}
	o := k.global(v.Lhs[0])
	if k.inits.static[v] { // filled while the global was made
		return true
	}
	k.fillGlobal(o, d)
	return true
}

// fillGlobal gives a global its initial contents. It may still be zero.
func (k *linker) fillGlobal(o *object, d *tree.Datum) {
	if len(d.Parts) == 0 {
		return
	}
	data := k.datum(d)
	o.sect, o.bytes = secRW, data.Bytes
	for i := range data.Relocs {
		k.reloc(o, data.Relocs[i].Off, &data.Relocs[i].Target)
	}
}

// staticExpr is the read-only data of a value in a function, or nil if it needs code.
func (k *linker) staticExpr(e tree.Expr) *Data {
	d := k.p.StaticValue(e)
	if d == nil {
		return nil
	}
	return k.datum(d)
}

// datum turns a Datum into bytes and relocations.
func (k *linker) datum(d *tree.Datum) *Data {
	s := &k.statics
	if s.datas == nil {
		s.datas, s.writable = map[*tree.Datum]*Data{}, map[*Data]*Layout{}
	}
	if x := s.datas[d]; x != nil {
		return x
	}
	l := k.ls.Of(k.p.Canon(d.T))
	if l.Size == 0 {
		s.datas[d] = zeroBase
		return zeroBase
	}
	x := &Data{Bytes: make([]byte, l.Size), Align: int(max(l.Align, 1)), Name: "data:" + k.desc.namer.text(d.T, modeName)}
	s.datas[d] = x
	if !d.ReadOnly {
		s.writable[x] = l
		x.Align = max(x.Align, 8)
	}
	at := func(off int64, f Fixup) { x.Relocs = append(x.Relocs, DataReloc{Off: off, Target: f}) }
	for i := range d.Parts {
		p := &d.Parts[i]
		switch p.Kind {
		case tree.PartConst:
			if p.Val.Kind() == constant.String {
				str := constant.StringVal(p.Val)
				if str != "" {
					at(p.Off, Fixup{Kind: FixString, Str: str})
				}
				binary.LittleEndian.PutUint64(x.Bytes[p.Off+8:], uint64(len(str)))
				continue
			}
			putConst(x.Bytes[p.Off:], k.ls.Of(p.T), p.Val)
		case tree.PartBytes:
			copy(x.Bytes[p.Off:], constant.StringVal(p.Val))
		case tree.PartAddr:
			if p.Var != nil {
				at(p.Off, Fixup{Kind: FixGlobal, Var: p.Var, Add: p.Add})
			} else {
				at(p.Off, Fixup{Kind: FixData, Data: k.datum(p.Datum), Add: p.Add})
			}
		case tree.PartFunc:
			at(p.Off, Fixup{Kind: FixFuncVal, Fn: p.Func})
		case tree.PartType:
			if i := p.T.Underlying().(*types.Interface); i.NumMethods() == 0 {
				at(p.Off, Fixup{Kind: FixType, Type: p.Dyn})
			} else {
				at(p.Off, Fixup{Kind: FixItab, Type: p.Dyn, Iface: p.T})
			}
		default:
			panic(fmt.Sprintf("BUG: lower: part kind %d of static data", p.Kind))
		}
	}
	return x
}

// putConst writes a constant that is not a string.
func putConst(b []byte, l *Layout, v constant.Value) {
	put := func(b []byte, n int64, w uint64) {
		for i := range n {
			b[i] = byte(w >> (8 * i))
		}
	}
	float := func(v constant.Value, n int64) uint64 {
		if n == 4 {
			f, _ := constant.Float32Val(constant.ToFloat(v))
			return uint64(math.Float32bits(f))
		}
		f, _ := constant.Float64Val(constant.ToFloat(v))
		return math.Float64bits(f)
	}
	switch l.Class {
	case ClassInt, ClassPtr:
		if v.Kind() == constant.Bool {
			if constant.BoolVal(v) {
				b[0] = 1
			}
			return
		}
		i := constant.ToInt(v)
		w, exact := constant.Uint64Val(i)
		if !exact {
			n, _ := constant.Int64Val(i)
			w = uint64(n)
		}
		put(b, l.Size, w)
	case ClassFloat32, ClassFloat64:
		put(b, l.Size, float(v, l.Size))
	case ClassComplex:
		c := constant.ToComplex(v)
		n := l.Size / 2
		put(b, n, float(constant.Real(c), n))
		put(b[n:], n, float(constant.Imag(c), n))
	default:
		panic("BUG: lower: constant " + v.String() + " of type " + l.Type.String())
	}
}
