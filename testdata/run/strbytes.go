package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

type name string
type blob []byte
type letters []rune

//go:noinline
func concat(a, b, c string) string { return a + b + c + a }

func main() {
	const s = "héllo, 世界\x80\xff☺"
	for i, r := range s {
		fmt.Print(i, ":", r, " ")
	}
	fmt.Println(len(s), utf8.RuneCountInString(s), utf8.ValidString(s))
	for i := range s[:4] {
		fmt.Print(i, s[i], " ")
	}
	fmt.Println()
	b, r := []byte(s), []rune(s)
	fmt.Println(b, r, string(r), len(string(r)), string(b) == s, string(rune(-1)), string(rune(0x10ffff)), string(rune(0x110000)) == "\ufffd")
	b[0] = 'H'
	r[1] = 'e'
	fmt.Println(s[:5], string(b[:5]), string(r[:5]))
	n := name("x")
	n += "y" + n
	bl, le := blob(n), letters(n)
	fmt.Println(n, bl, le, string(bl), string(le), name(le), name(bl), len(n), n[0], n > "w", n < name(le))
	fmt.Println(concat("", "", ""), concat("a", "", "bc"), concat("", "q", ""))

	var sb strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&sb, "%d,", i*i%97)
		sb.WriteByte('a' + byte(i%26))
		sb.WriteRune(rune(0x3b1 + i%24))
		sb.WriteString("-")
	}
	t := sb.String()
	h := uint32(2166136261)
	for i := range len(t) {
		h = (h ^ uint32(t[i])) * 16777619
	}
	fmt.Println(len(t), h, strings.Count(t, ",b"), strings.LastIndex(t, "96,"), strings.IndexRune(t, 'ω'), strings.IndexAny(t, "zy"), sb.Len())
	parts := strings.Split(t, "-")
	slices.Sort(parts)
	fmt.Println(len(parts), parts[1], parts[1000], strings.Join(parts[500:505], "|"))
	fmt.Println(strings.Fields("  a b\t\nc  "), strings.SplitN("a,b,c,d", ",", 2), strings.SplitAfter("x.y.z", "."), strings.TrimFunc("123abc456", unicode.IsDigit))
	fmt.Println(strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, "aBcÄöß"), strings.ToTitle("ǆ"), strings.EqualFold("Straße", "STRASSE"), strings.EqualFold("σς", "ΣΣ"))
	fmt.Println(strings.NewReplacer("<", "&lt;", ">", "&gt;", "a", "").Replace("<banana>"), strings.Repeat("ab", 5), strings.Title("hello wörld"))
	before, after, ok := strings.Cut("key=value=x", "=")
	fmt.Println(before, after, ok, strings.ContainsFunc(s, unicode.IsSymbol), strings.Compare("a", "b"))
	for part := range strings.SplitSeq("p;q;r", ";") {
		fmt.Print(part, " ")
	}
	for line := range strings.Lines("one\ntwo\nthree") {
		fmt.Printf("%q ", line)
	}
	fmt.Println()

	buf := bytes.NewBufferString("line one\nline two\nrest")
	l, err := buf.ReadString('\n')
	fmt.Printf("%q %v ", l, err)
	c, _, _ := buf.ReadRune()
	buf.UnreadRune()
	fmt.Printf("%c %q %v\n", c, buf.Next(4), buf)
	fmt.Println(bytes.Equal(nil, []byte{}), bytes.Compare([]byte("a"), nil), bytes.Fields([]byte(" x y ")), bytes.ToUpper([]byte("é")))

	fmt.Println(utf16.Encode([]rune("a😀")), string(utf16.Decode([]uint16{0xd83d, 0xde00, 0xd800})), utf8.AppendRune(nil, '世'), utf8.RuneLen(0xd800))
	rr, size := utf8.DecodeLastRuneInString("ab\xe4\xb8")
	fmt.Println(rr, size, utf8.FullRuneInString("\xe4\xb8"), unicode.Is(unicode.Han, '世'), unicode.In('é', unicode.Latin, unicode.Greek))

	// Substrings share memory; conversions copy.
	u := t[10:20]
	fmt.Println(unsafe.StringData(u) == (*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(t)), 10)), unsafe.String(&b[0], 3), strings.Clone(u) == u)
	m := map[string]int{}
	for _, w := range strings.FieldsFunc(t, func(r rune) bool { return r < '0' || r > '9' }) {
		m[w]++
	}
	key := []byte("16")
	fmt.Println(len(m), m["0"], m[string(key)], m["none"])
	switch string(b[:3]) {
	case "H\xc3\xa9":
		fmt.Println("switch on converted bytes")
	default:
		fmt.Println("no")
	}
	fmt.Printf("%s %q %x % X %+q %v %10.3s| %-8s| %#q\n", s, s, s, s[:3], s, []string{"a b"}, s, "ab", "back`tick")
}
