// A line that never ends, gathered in a buffer.
package main

import (
	"bytes"
	"fmt"
)

func main() {
	var b bytes.Buffer
	for i := 0; ; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
}
