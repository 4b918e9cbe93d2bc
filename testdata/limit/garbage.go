// Much garbage and little that lives: this one ends by itself.
//
//judge:ends
package main

import "fmt"

type list struct {
	next *list
	data [50]byte
}

func main() {
	var live [1000]*list
	sum := 0
	for i := range 3_000_000 {
		l := &list{next: live[i%1000]}
		if l.next != nil {
			l.next.next = nil
		}
		l.data[i%50] = byte(i)
		live[i%1000] = l
		sum += len(fmt.Sprint(i & 7))
	}
	fmt.Println(sum)
}
