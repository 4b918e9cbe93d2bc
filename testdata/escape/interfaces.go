package p

import (
	"errors"
	"fmt"
)

type Shape interface{ Area() int }

type Square struct{ side int }

func (s Square) Area() int { return s.side * s.side }

func boxLocal(n int) int {
	var x any = n // want `n does not escape`
	return x.(int)
}

func boxGlobal(n int) {
	anySink = n // want `n escapes to heap`
}

func boxPointer(t *T) { // want `leaking param: t`
	anySink = t
}

func boxConstant() {
	anySink = 5      // want `5 escapes to heap`
	anySink = "text" // want `"text" escapes to heap`
}

func format(n int, s string) string { // want `leaking param: s`
	return fmt.Sprintf("%d %s", n, s) // want `... argument does not escape` `n escapes to heap` `s escapes to heap` // why `is passed to fmt.Sprintf` `format without fmt`
}

func fail(n int) error {
	if n < 0 {
		return errors.New("negative")
	}
	return fmt.Errorf("code %d", n) // want `... argument does not escape` `n escapes to heap`
}

func stop(n int) {
	panic(n) // want `n escapes to heap`
}

func area(s Shape) int { return s.Area() } // want `leaking param: s`

func concrete() int {
	s := Square{2}
	return area(s) // want `s escapes to heap` // why `let area take the concrete type`
}

func known2() int {
	var s Shape = Square{2} // want `Square{...} does not escape`
	return s.Area()         // want `devirtualizing s.Area to Square`
}

func assert(x any) *T { // want `leaking param: x to result ~r0 level=0`
	t, _ := x.(*T)
	return t
}

func typeSwitch(x any) int { // want `x does not escape`
	switch v := x.(type) {
	case *T:
		return v.value
	case []int:
		return len(v)
	}
	return 0
}
