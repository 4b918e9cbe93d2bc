// Words, numbers and lines: strings, strconv, bufio, unicode, fmt, maps.
package main

import (
	"bufio"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

func main() {
	var b strings.Builder
	for i := range 4000 {
		b.WriteString("The quick " + strconv.Itoa(i) + " brown føx jumps over " + strconv.FormatFloat(float64(i)/7, 'g', -1, 64) + " lazy dogs\n")
	}
	count := map[string]int{}
	sum := 0.0
	for s := bufio.NewScanner(strings.NewReader(b.String())); s.Scan(); {
		for _, f := range strings.FieldsFunc(s.Text(), func(r rune) bool { return unicode.IsSpace(r) }) {
			if v, err := strconv.ParseFloat(f, 64); err == nil {
				sum += v
				continue
			}
			count[strings.ToLower(strings.Trim(f, ".,"))]++
		}
	}
	var keys []string
	for k := range count {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Printf("%-8s %6d %q\n", k, count[k], strings.Repeat(k[:1], 3))
	}
	fmt.Printf("%.3f %v\n", sum, strings.Contains(b.String(), "no such text"))
}
