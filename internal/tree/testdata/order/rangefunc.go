// Range over functions: the ways out of a body, defers, and misuse.
package main

type seq = func(yield func(int) bool)

func count(n int) seq {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				print("stop", n, " ")
				return
			}
		}
		print("end", n, " ")
	}
}

func pairs(yield func(int, string) bool) {
	_ = yield(1, "a") && yield(2, "b") && yield(3, "c")
}

func simple() {
	for x := range count(3) {
		print(x, " ")
	}
	for x := range count(5) {
		if x == 1 {
			continue
		}
		if x == 3 {
			break
		}
		print(x, " ")
	}
	for i, s := range pairs {
		print(i, s, " ")
	}
	for i := range pairs {
		print(i, " ")
	}
	for range pairs {
		print(". ")
	}
	var arr [2]int
	var e any
	for arr[1], e = range pairs {
	}
	println(arr[1], e.(string))
}

func returns(n int) (int, string) {
	for x := range count(5) {
		for y := range count(5) {
			if x*y == n {
				return x, "found"
			}
		}
	}
	return -1, "none"
}

func named(n int) (r int, err error) {
	for x := range count(4) {
		r += x
		if x == n {
			return
		}
		for range count(1) {
			if x == n+1 {
				return r * 100, nil
			}
		}
	}
	return
}

func labels() {
outer:
	for x := range count(4) {
	middle:
		for i := 0; i < 3; i++ {
			for y := range count(3) {
				switch {
				case x == 0 && y == 1:
					continue outer
				case x == 1 && i == 1:
					break middle
				case x == 2 && y == 1:
					continue middle
				case x == 3:
					break outer
				}
				print(x, i, y, " ")
			}
		}
		print("m ")
	}
	println()
	i := 0
again:
	for x := range count(2) {
		for y := range count(2) {
			i++
			if i < 3 {
				goto again
			}
			print("[", x, y, "] ")
		}
	}
	for x := range count(3) {
	inner:
		for y := range count(3) {
			for z := range count(3) {
				if z == 1 {
					continue inner
				}
				if y == 2 {
					break inner
				}
				if x == 2 {
					goto done
				}
				print(x, y, z, " ")
			}
		}
	}
done:
	println("done")
}

func defers() (n int) {
	defer print("outer ")
	for x := range count(3) {
		defer func() { print("d", x, " "); n += x }()
		for y := range count(2) {
			defer print("e", x, y, " ")
		}
	}
	print("body ")
	return 10
}

func closures() {
	var fs []func() int
	for x := range count(3) {
		fs = append(fs, func() int { x++; return x })
	}
	println(fs[0](), fs[0](), fs[1](), fs[2]())
	func() {
		for x := range count(2) {
			func() {
				for y := range count(2) {
					if y == 1 {
						return
					}
					print(x, y, " ")
				}
			}()
		}
	}()
	println()
}

func misuse(name string, f func()) {
	defer func() {
		println(name, recover() != nil)
	}()
	f()
}

func main() {
	simple()
	println(returns(6))
	println(returns(25))
	r, err := named(2)
	println(r, err == nil)
	r, err = named(9)
	println(r, err == nil)
	r, err = named(0)
	println(r, err == nil)
	labels()
	println(defers())
	closures()

	var keep func(int) bool
	misuse("late", func() {
		for range func(yield func(int) bool) { keep = yield; yield(1) } {
		}
		keep(2)
	})
	misuse("after break", func() {
		for range func(yield func(int) bool) { yield(1); yield(2) } {
			break
		}
	})
	misuse("swallowed", func() {
		for range func(yield func(int) bool) {
			defer func() { recover() }()
			yield(1)
		} {
			panic("x")
		}
	})
	misuse("again after panic", func() {
		for range func(yield func(int) bool) {
			func() {
				defer func() { recover() }()
				yield(1)
			}()
			yield(2)
		} {
			panic("x")
		}
	})
	misuse("panic passes", func() {
		for range count(3) {
			panic("x")
		}
	})
	misuse("fine", func() {
		for range count(2) {
		}
	})
	func() {
		defer func() { println("recovered", recover() != nil) }()
		for x := range count(2) {
			defer print("deferred", x, " ")
			if x == 1 {
				panic("y")
			}
		}
	}()
}
