package reflect

import "unsafe"

// The distribution's Field makes a slice for Index on this target, which has no read-only data elsewhere; here it refers to
// the runtime's table of small words, as on other targets.

// staticWords is a table of the words 0 to 255, in read-only memory.
//
//go:linkname staticWords runtime.staticWords
func staticWords() *[256]uint64

// Field describes the i'th field.
func (t *structType) Field(i int) (f StructField) {
	if uint(i) >= uint(len(t.Fields)) {
		panic("reflect: Field index out of bounds")
	}
	field := &t.Fields[i]
	f = StructField{Name: field.Name.Name(), Type: toType(field.Typ), Tag: StructTag(field.Name.Tag()), Offset: field.Offset, Anonymous: field.Embedded()}
	if !field.Name.IsExported() {
		f.PkgPath = t.PkgPath.Name()
	}
	if words := staticWords(); i < len(words) {
		f.Index = unsafe.Slice((*int)(unsafe.Pointer(&words[i])), 1)
	} else {
		f.Index = []int{i}
	}
	return f
}
