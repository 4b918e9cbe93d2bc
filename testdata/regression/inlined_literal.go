package main

// A literal with many parts that need statements of their own, and values of inlined calls among them.

import "fmt"

type user struct{ name string }

func (u *user) get() string {
	if u == nil {
		return "none"
	}
	return u.name
}

func main() {
	u := &user{"x"}
	m := map[string]int{"a": 1}
	fmt.Println(u.get(), m["a"], m["b"], u.get(), len(u.get()), m["c"], u, m, fmt.Sprint(1), m["a"]+len(u.get()), (*user)(nil).get())
	fmt.Println([12]any{u.get(), m["a"], m["b"], fmt.Sprint(2), m["c"], m["d"], m["e"], m["f"], m["g"], fmt.Sprint(3), u.get(), 1})
}
