package main

import "fmt"

type state int

const (
	start state = iota
	number
	word
	space
	bad
	_
	last = iota << 2
)

func (s state) String() string { return [...]string{"start", "number", "word", "space", "bad"}[s] }

// lex is a machine of gotos.
func lex(in string) (out []string) {
	i, from := 0, 0
	st := start
next:
	if i == len(in) {
		goto end
	}
	switch c := in[i]; {
	case c >= '0' && c <= '9':
		if st == number || st == word {
			break
		}
		from, st = i, number
	case c >= 'a' && c <= 'z', c == '_':
		if st == number {
			st = bad
			goto end
		} else if st != word {
			from, st = i, word
		}
	case c == ' ':
		goto end
	default:
		st = bad
		goto end
	}
	i++
	goto next
end:
	if st == bad {
		return append(out, fmt.Sprint("bad at ", i))
	}
	if st != start && st != space {
		out = append(out, st.String()+":"+in[from:i])
	}
	st = space
	if i < len(in) {
		i++
		goto next
	}
	return out
}

func classify(v any) string {
	switch x := v.(type) {
	case nil:
		return "nil"
	case int, int64:
		return fmt.Sprintf("integer %v", x)
	case fmt.Stringer:
		return "stringer " + x.String()
	case error:
		return "error " + x.Error()
	case []int:
		return fmt.Sprint("slice of ", len(x))
	case func() int:
		return fmt.Sprint("func ", x())
	case *int:
		*x++
		return fmt.Sprint("pointer ", *x)
	case struct{ A int }:
		return fmt.Sprint("struct ", x.A)
	case map[string]int, chan int:
		return fmt.Sprintf("%T", x)
	default:
		return fmt.Sprintf("other %T", x)
	}
}

func sparse(n int) string {
	switch n {
	case -1 << 63:
		return "min"
	case -5, 5:
		return "five"
	case 0:
		return "zero"
	case 1, 2, 3, 4:
		return "few"
	case 100:
		fallthrough
	case 200:
		return "hundreds"
	case 1 << 40:
		return "huge"
	}
	return "none"
}

func words(s string) int {
	switch s {
	case "alpha", "beta":
		return 1
	case "":
		return 0
	case "a long string as a case":
		return 23
	case "gamma":
		if len(s) > 3 {
			break
		}
		return -1
	default:
		return -2
	}
	return 5
}

func main() {
	fmt.Println(lex("abc 123 x_1  45"), lex("12ab"), lex(""), lex("a-b"), last)
	n := 41
	for _, v := range []any{nil, 1, int64(2), number, fmt.Errorf("e"), []int{1}, func() int { return 9 }, &n, struct{ A int }{4}, map[string]int{}, 2.5, [2]bool{}, int8(1)} {
		fmt.Print(classify(v), "; ")
	}
	fmt.Println(n)
	for _, v := range []int{-1 << 63, -5, 0, 3, 5, 6, 100, 200, 1 << 40, 1 << 41} {
		fmt.Print(sparse(v), " ")
	}
	fmt.Println(words("alpha"), words(""), words("a long string as a case"), words("gamma"), words("delta"))

	found := [2]int{-1, -1}
outer:
	for i := range 10 {
		for j := 0; ; j++ {
			switch {
			case j > i:
				continue outer
			case i*j == 42:
				found = [2]int{i, j}
				break outer
			case (i+j)%5 == 4:
				break
			default:
				continue
			}
			if i == 8 {
				break
			}
		}
		fmt.Print("after ", i, " ")
	}
	fmt.Println(found)
	c := make(chan int, 3)
	c <- 1
	c <- 2
	c <- 3
	close(c)
loop:
	for {
		select {
		case v, ok := <-c:
			if !ok {
				break loop
			}
			if v == 2 {
				continue loop
			}
			fmt.Print("got ", v, " ")
		}
	}
	fmt.Println()
block:
	switch {
	default:
		for n > 40 {
			break block
		}
		fmt.Println("never")
	}
	var fs []func() int
	for i, j := 0, 10; i < j; i, j = i+3, j-1 {
		if i == 3 {
			i++
		}
		fs = append(fs, func() int { i += 100; return i*1000 + j })
	}
	for _, f := range fs {
		fmt.Print(f(), " ", f(), " ")
	}
	k := 0
again:
	x := k * k
	defer func() { fmt.Print(x, " ") }()
	if k++; k < 4 {
		goto again
	}
	for range 2 {
		for range "ab" {
			k++
		}
	}
	fmt.Println(k)
	seq := func(yield func(int) bool) {
		defer fmt.Print("[iterator ends] ")
		for i := 0; yield(i); i++ {
		}
	}
	func() {
		defer fmt.Println("returned from inside")
	up:
		for i := range seq {
			for j := range seq {
				switch {
				case j == 2:
					continue up
				case i == 2:
					break up
				case i+j == 2:
					fmt.Print("pair ", i, j, " ")
				}
			}
		}
		for i := range seq {
			if i == 3 {
				return
			}
		}
	}()
}
