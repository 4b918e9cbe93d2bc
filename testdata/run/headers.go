package main

import (
	"fmt"
	"strings"
)

// Elements of slices and strings in fields, pointers and captured variables: the values, and what is reported when the index or
// the pointer is bad.

type buf struct {
	pad  int
	word []int
	text string
	byt  []byte
	at   int
	next *buf
}

func (b *buf) w(i int) int        { return b.word[i] }
func (b *buf) c() byte            { return b.text[b.at] }
func (b *buf) b(i uint) byte      { return b.byt[i] }
func (b *buf) step() int          { b.at++; return b.at }
func (b *buf) moved(i int) int    { return b.word[b.shrink(i)] }
func (b *buf) shrink(i int) int   { b.word = b.word[:2]; return i }
func deep(b *buf, i int) int      { return b.next.next.word[i+1] }
func through(p *[]int, i int) int { return (*p)[i] }
func char(p *string, i int) byte  { return (*p)[i] }

func try(what string, f func() int) {
	defer func() {
		if r := recover(); r != nil {
			_, isErr := r.(error)
			fmt.Println(what, r, isErr)
		}
	}()
	fmt.Println(what, f())
}

func main() {
	b := &buf{word: []int{10, 20, 30}, text: "héllo", byt: []byte{1, 2, 3, 4}, at: 1}
	b.next = &buf{next: b}
	try("word", func() int { return b.w(2) })
	try("word 3", func() int { return b.w(3) })
	try("word -1", func() int { return b.w(-1) })
	try("text", func() int { return int(b.c()) })
	b.at = 6
	try("text 6", func() int { return int(b.c()) })
	try("bytes", func() int { return int(b.b(3)) })
	try("bytes 1<<63", func() int { return int(b.b(1 << 63)) })
	try("deep", func() int { return deep(b, 1) })
	try("deep nil", func() int { return deep(b.next, 1) })
	try("nil", func() int { return (*buf)(nil).w(0) })
	try("moved", func() int { return b.moved(1) })
	try("moved 2", func() int { return b.moved(2) })
	s := []int{7, 8, 9}
	str := "xyz"
	try("through", func() int { return through(&s, 2) + int(char(&str, 1)) })
	try("through 5", func() int { return through(&s, 5) })
	try("char 3", func() int { return int(char(&str, 3)) })
	sum := 0
	each := func(n int) {
		for i := range n {
			sum = sum*31 + s[i] + int(str[i])
			s[i]++
		}
		s = append(s, n)
		str = strings.Repeat(str, 2)
	}
	each(3)
	each(4)
	each(5)
	fmt.Println(sum, s, len(str))
	// The header is read before the index changes what it is read from.
	b.word = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	b.at = 0
	total := 0
	for range 3 {
		total = total*10 + b.word[b.step()]
	}
	fmt.Println(total)
}
