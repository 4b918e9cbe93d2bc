// Regular expressions that compile to more and more.
package main

import (
	"regexp"
	"strings"
)

func main() {
	var keep []*regexp.Regexp
	for i := 1; ; i++ {
		r, err := regexp.Compile("(" + strings.Repeat("a{1,900}|", i%50) + "b)")
		if err != nil {
			r = regexp.MustCompile(strings.Repeat("[a-z]+(x|y)*", i%2000))
		}
		keep = append(keep, r)
	}
}
