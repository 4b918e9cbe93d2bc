// Types declared in functions, generic ones in generic ones too: identity and names.
package main

import "fmt"

type named interface{ ~int | ~string }

func make2[A named, B comparable](a A, b B) []any {
	type pair struct {
		x A
		y B
	}
	type box[T any] struct {
		v T
		p *pair
	}
	type list[T any] []box[T]
	return []any{pair{a, b}, box[A]{v: a}, box[int]{}, list[B]{}, map[pair]box[pair]{}}
}

func main() {
	type mine int
	all := [][]any{make2(1, "a"), make2("a", 1), make2(mine(1), "a"), make2(2, "b"), make2(1, mine(2))}
	for i, x := range all {
		for j, y := range all {
			for k := range x {
				if i < j && fmt.Sprintf("%T", x[k]) == fmt.Sprintf("%T", y[k]) {
					fmt.Printf("%d %d %T\n", i, j, x[k])
				}
			}
		}
		fmt.Printf("%T\n%T\n%T\n%T\n%T\n", x...)
	}
	fmt.Println(all[0][1] == all[3][1], all[0][2] == all[3][2], all[0][2] == all[1][2])
}
