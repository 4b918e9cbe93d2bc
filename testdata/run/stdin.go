//judge:stdin "3\n10 20 30\nname: Ann  age: 41\nfirst line\nsecond line, longer\n\nlast"
//judge:args -v x=1 q
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var n int
	c, err := fmt.Fscan(in, &n)
	fmt.Println(c, err, n)
	nums := make([]int, n)
	for i := range nums {
		fmt.Fscan(in, &nums[i])
	}
	fmt.Println(nums)
	in.ReadString('\n')
	var name string
	var age int
	c, err = fmt.Fscanf(in, "name: %s age: %d\n", &name, &age)
	fmt.Println(c, err, name, age)
	line, err := in.ReadString('\n')
	fmt.Printf("%q %v\n", line, err)
	line2, prefix, err := in.ReadLine()
	fmt.Printf("%q %v %v %d\n", line2, prefix, err, in.Buffered())
	rest, err := io.ReadAll(in)
	fmt.Printf("%q %v\n", rest, err)
	_, err = in.ReadByte()
	fmt.Println(err == io.EOF, os.Args[1:], len(os.Args))
	var x, y int
	fmt.Println(fmt.Sscanf("0x1F-077", "%v-%o", &x, &y))
	fmt.Println(x, y)
	var s, t string
	var f float64
	var b bool
	fmt.Println(fmt.Sscan("word 2.5e3 true", &s, &f, &b))
	fmt.Println(s, f, b)
	fmt.Println(fmt.Sscanf("abc:def", "%3s:%c", &t, &x))
	fmt.Fprintln(os.Stderr, "to standard error")
	w := bufio.NewWriterSize(os.Stdout, 16)
	fmt.Fprint(w, strings.Repeat("0123456789", 10))
	fmt.Fprintln(w, w.Buffered() < 16, w.Available() <= 16)
	w.Flush()
	os.Stdout.WriteString("end\n")
	if len(os.Args) > 3 {
		os.Exit(len(os.Args) + 6)
	}
}
