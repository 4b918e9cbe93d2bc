package randprog

import (
	"fmt"
	"strings"
)

// Prelude returns the file that a package of the given programs needs besides
// theirs: func main, which runs the programs with the prefixes in turn, from the one
// whose index is the first argument on, and what programs call. Each one's
// output follows a line "== index".
func Prelude(prefixes []string) string {
	var list strings.Builder
	for _, p := range prefixes {
		fmt.Fprintf(&list, "\t%sMain,\n", p)
	}
	return strings.Replace(prelude, "\tPROGRAMS\n", list.String(), 1)
}

const prelude = `package main

import (
	"bufio"
	"cmp"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strconv"
)

var programs = []func(){
	PROGRAMS
}

var (
	out    = bufio.NewWriter(os.Stdout)
	fuel   int
	lines  int
	digest uint64
)

func main() {
	first := 0
	if len(os.Args) > 1 {
		first, _ = strconv.Atoi(os.Args[1])
	}
	for i := first; i < len(programs); i++ {
		fuel, lines, digest = 300, 0, 0
		fmt.Fprintln(out, "==", i)
		out.Flush()
		run(programs[i])
		if lines > 200 {
			fmt.Fprintln(out, lines, "lines", digest)
		}
		out.Flush()
	}
}

func run(f func()) {
	defer func() {
		if r := recover(); r != nil {
			put("panic", r)
		}
	}()
	f()
}

func tick() bool { fuel--; return fuel >= 0 }

func put(args ...any) {
	lines++
	text := fmt.Sprintln(args...)
	if len(text) > 2000 {
		text = fmt.Sprintln(len(text), hash(text))
	}
	if lines <= 200 {
		out.WriteString(text)
		return
	}
	digest = digest*31 + uint64(hash(text))
}

func hash(v any) int {
	h := fnv.New64a()
	fmt.Fprintf(h, "%v", v)
	return int(h.Sum64() >> 8)
}

func lit[T any](x T) T   { return x }
func ptr[T any](x T) *T  { return &x }

func at[T any](list []T, i int) T {
	if len(list) == 0 {
		var zero T
		return zero
	}
	return list[i%len(list)]
}

func cut(s string, a, b int) string {
	a = min(a, len(s))
	return s[a:min(a+b, len(s))]
}

func f2i(f float64) int64 {
	if f != f {
		return 0
	}
	return int64(max(-1e15, min(1e15, f)))
}

func sorted[K comparable, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int { return cmp.Compare(fmt.Sprintf("%#v", a), fmt.Sprintf("%#v", b)) })
	return keys
}
`
