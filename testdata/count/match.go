// Regular expressions of the three kinds that package regexp executes differently.
package main

import (
	"fmt"
	"regexp"
	"strings"
)

func main() {
	text := strings.Repeat("From: alice@example.org, on 2024-05-06 at 12:34; see https://example.com/a/b?c=d#e and call +1-555-0100\n", 120)
	n := 0
	for _, expr := range []string{`[a-z]+@[a-z]+\.(com|org)`, `(\d{4})-(\d\d)-(\d\d)`, `^From: (.*), on`, `(?i)HTTPS?://[^\s]+`, `(a|b)*c|a(b|c)?d`} {
		re := regexp.MustCompile(expr)
		n += len(re.FindAllStringSubmatchIndex(text, -1))
		n += len(re.ReplaceAllString(text, "<$0>"))
	}
	fmt.Println(n)
}
