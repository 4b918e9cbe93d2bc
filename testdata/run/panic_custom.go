package main

import "fmt"

type failure struct {
	Op   string
	Code int
}

func (f *failure) Error() string { return fmt.Sprintf("%s failed with code %d", f.Op, f.Code) }

type stringer int

func (s stringer) String() string { return "stringer" }

func deep(n int) {
	if n == 0 {
		panic(fmt.Errorf("wrapped: %w", &failure{"op", 7}))
	}
	defer func() {
		if n == 3 {
			fmt.Println("deferred", n)
		}
	}()
	deep(n - 1)
}

func main() {
	for _, v := range []any{1, "s", stringer(3), 2.5, true, struct{ A int }{1}, &failure{"x", 1} == nil, error(nil), 'x', []int(nil) == nil, complex(1, 2)} {
		func() {
			defer func() {
				r := recover()
				fmt.Printf("%T %v\n", r, r)
			}()
			panic(v)
		}()
	}
	deep(5)
}
