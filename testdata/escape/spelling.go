package p

// Identical types are named as each place spells them.

var spelled any

func spellBytes(n int, s string) { // want `s does not escape`
	spelled = make([]byte, n)  // want `make([]byte, n) escapes to heap` `make([]byte, n) escapes to heap`
	spelled = make([]uint8, n) // want `make([]uint8, n) escapes to heap`
	spelled = []byte(s)        // want `([]byte)(s) escapes to heap`
	spelled = new([]uint8)     // want `new([]uint8) escapes to heap`
	spelled = &[]byte{1}       // want `&[]byte{...} escapes to heap` `[]byte{...} escapes to heap`
}

func spellWords(n int) {
	spelled = make([]any, n)         // want `make([]any, n) escapes to heap`
	spelled = make([]interface{}, n) // want `make([]interface {}, n) escapes to heap`
	spelled = make(map[string]rune)  // want `make(map[string]rune) escapes to heap`
	spelled = make(map[string]int32) // want `make(map[string]int32) escapes to heap`
	spelled = [][]byte{{1}}          // want `[][]byte{...} escapes to heap` `[]byte{...} escapes to heap`
}

//go:noinline
func spellGrown[S ~[]E, E any](n int) {
	spelled = make(S, n)   // want `make(go.shape.[]uint8, n) escapes to heap`
	spelled = make([]E, n) // want `make([]go.shape.uint8, n) escapes to heap`
}

func spelledAll() {
	spellBytes(1, "x")
	spellWords(1)
	spellGrown[[]byte](3)
}
