// Strings repeated, joined and converted, each larger than the last.
package main

import "strings"

func main() {
	s := "x"
	for i := 2; ; i++ {
		s = strings.Repeat(s, i)
		s = strings.ToUpper(string([]rune(s)))
	}
}
