package lower

import (
	"fmt"
	"go/constant"
	"go/types"
)

// record is a struct of the guest's internal/abi: its size and where its fields lie. Fields of an
// embedded or nested struct are not listed; field "Type" of the others is at offset 0.
type record struct {
	name string
	size int64
	off  map[string]int64
	len  map[string]int64
}

func (r *record) at(field string) int64 {
	off, ok := r.off[field]
	if !ok {
		panic("BUG: internal/abi." + r.name + " has no field " + field)
	}
	return off
}

// abiTypes is the layout of the guest's runtime type information, taken from the package internal/abi that
// the guest program itself is compiled from. Nothing about it is written down twice.
type abiTypes struct {
	typ, array, chanT, fn, iface, mapT, ptr, slice, structT record
	uncommon, method, imethod, field, itab                  record

	flagUncommon, flagStar, flagNamed, flagRegular, flagDirect, flagOnDemand uint64
	mapKeyUpdate, mapHashPanic, mapIndirectKey, mapIndirectEl                uint64
	mapMaxKey, mapMaxElem, mapSlots                                          int64

	pkg *types.Package
}

// readABI reads the layout from the type-checked package internal/abi.
func readABI(pkg *types.Package, ls *Layouts) (a *abiTypes, err error) {
	a = &abiTypes{pkg: pkg}
	num := func(name string) int64 {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if !ok {
			err = fmt.Errorf("package internal/abi of this Go version has no constant %s", name)
			return 0
		}
		n, _ := constant.Int64Val(constant.ToInt(c.Val()))
		return n
	}
	for _, r := range []struct {
		to     *record
		name   string
		fields []string
	}{
		{&a.typ, "Type", []string{"Size_", "PtrBytes", "Hash", "TFlag", "Align_", "FieldAlign_", "Kind_", "Equal", "GCData", "Str", "PtrToThis"}},
		{&a.array, "ArrayType", []string{"Elem", "Slice", "Len"}},
		{&a.chanT, "ChanType", []string{"Elem", "Dir"}},
		{&a.fn, "FuncType", []string{"InCount", "OutCount"}},
		{&a.iface, "InterfaceType", []string{"PkgPath", "Methods"}},
		{&a.mapT, "MapType", []string{"Key", "Elem", "Group", "Hasher", "GroupSize", "SlotSize", "ElemOff", "Flags"}},
		{&a.ptr, "PtrType", []string{"Elem"}},
		{&a.slice, "SliceType", []string{"Elem"}},
		{&a.structT, "StructType", []string{"PkgPath", "Fields"}},
		{&a.uncommon, "UncommonType", []string{"PkgPath", "Mcount", "Xcount", "Moff"}},
		{&a.method, "Method", []string{"Name", "Mtyp", "Ifn", "Tfn"}},
		{&a.imethod, "Imethod", []string{"Name", "Typ"}},
		{&a.field, "StructField", []string{"Name", "Typ", "Offset"}},
		{&a.itab, "ITab", []string{"Inter", "Type", "Hash", "Fun"}},
	} {
		obj, ok := pkg.Scope().Lookup(r.name).(*types.TypeName)
		if !ok {
			return nil, fmt.Errorf("package internal/abi of this Go version has no type %s", r.name)
		}
		st, ok := obj.Type().Underlying().(*types.Struct)
		if !ok {
			return nil, fmt.Errorf("internal/abi.%s of this Go version is no struct", r.name)
		}
		l := ls.Of(obj.Type())
		*r.to = record{name: r.name, size: l.Size, off: map[string]int64{}, len: map[string]int64{}}
		for i := range st.NumFields() {
			r.to.off[st.Field(i).Name()] = l.Fields[i]
			r.to.len[st.Field(i).Name()] = l.FieldLs[i].Size
		}
		for _, f := range r.fields {
			if _, ok := r.to.off[f]; !ok {
				return nil, fmt.Errorf("internal/abi.%s of this Go version has no field %s", r.name, f)
			}
		}
	}
	a.flagUncommon = uint64(num("TFlagUncommon"))
	a.flagStar = uint64(num("TFlagExtraStar"))
	a.flagNamed = uint64(num("TFlagNamed"))
	a.flagRegular = uint64(num("TFlagRegularMemory"))
	a.flagDirect = uint64(num("TFlagDirectIface"))
	a.flagOnDemand = uint64(num("TFlagGCMaskOnDemand"))
	a.mapKeyUpdate = uint64(num("MapNeedKeyUpdate"))
	a.mapHashPanic = uint64(num("MapHashMightPanic"))
	a.mapIndirectKey = uint64(num("MapIndirectKey"))
	a.mapIndirectEl = uint64(num("MapIndirectElem"))
	a.mapMaxKey, a.mapMaxElem, a.mapSlots = num("MapMaxKeyBytes"), num("MapMaxElemBytes"), num("MapGroupSlots")
	if err != nil {
		return nil, err
	}
	return a, nil
}

// kindOf is the abi.Kind of a type. The numbers are those of reflect.Kind.
func kindOf(t types.Type) uint64 {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch u.Kind() {
		case types.Bool, types.UntypedBool:
			return 1
		case types.Int, types.UntypedInt:
			return 2
		case types.Int8, types.Int16, types.Int32, types.Int64:
			return 3 + uint64(u.Kind()-types.Int8)
		case types.UntypedRune:
			return 5
		case types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64, types.Uintptr:
			return 7 + uint64(u.Kind()-types.Uint)
		case types.Float32, types.Float64:
			return 13 + uint64(u.Kind()-types.Float32)
		case types.UntypedFloat:
			return 14
		case types.Complex64, types.Complex128:
			return 15 + uint64(u.Kind()-types.Complex64)
		case types.UntypedComplex:
			return 16
		case types.String, types.UntypedString:
			return 24
		case types.UnsafePointer, types.UntypedNil:
			return 26
		}
	case *types.Array:
		return 17
	case *types.Chan:
		return 18
	case *types.Signature:
		return 19
	case *types.Interface:
		return 20
	case *types.Map:
		return 21
	case *types.Pointer:
		return 22
	case *types.Slice:
		return 23
	case *types.Struct:
		return 25
	}
	panic(fmt.Sprintf("BUG: no kind for type %v", t))
}

// regularMemory reports whether values of t are equal exactly when their bytes are.
func regularMemory(t types.Type, ls *Layouts) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsBoolean) != 0 || u.Kind() == types.UnsafePointer
	case *types.Pointer, *types.Chan:
		return true
	case *types.Array:
		if !types.Comparable(u.Elem()) {
			return false
		}
		return u.Len() == 0 || regularMemory(u.Elem(), ls)
	case *types.Struct:
		l := ls.Of(t)
		n := u.NumFields()
		for i := range n {
			f := u.Field(i)
			end := l.Size
			if i+1 < n {
				end = l.Fields[i+1]
			}
			if f.Name() == "_" || !regularMemory(f.Type(), ls) || l.Fields[i]+l.FieldLs[i].Size != end {
				return false
			}
		}
		return true
	}
	return false
}

// needKeyUpdate reports whether equal map keys of type t may differ, so that an assignment must store the key.
func needKeyUpdate(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsFloat|types.IsComplex|types.IsString) != 0
	case *types.Interface:
		return true
	case *types.Array:
		return needKeyUpdate(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			if needKeyUpdate(u.Field(i).Type()) {
				return true
			}
		}
	}
	return false
}

// hashMightPanic reports whether hashing a map key of type t may meet a value that has no hash.
func hashMightPanic(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return true
	case *types.Array:
		return hashMightPanic(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			if hashMightPanic(u.Field(i).Type()) {
				return true
			}
		}
	}
	return false
}
