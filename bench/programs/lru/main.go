package main

import (
	"container/list"
	"fmt"
	"os"
	"time"
)

type entry struct {
	key   int
	value string
}

type lru struct {
	most  int
	order *list.List
	at    map[int]*list.Element
}

func (c *lru) get(k int) (string, bool) {
	e, ok := c.at[k]
	if !ok {
		return "", false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).value, true
}

func (c *lru) put(k int, v string) {
	if e, ok := c.at[k]; ok {
		e.Value.(*entry).value = v
		c.order.MoveToFront(e)
		return
	}
	c.at[k] = c.order.PushFront(&entry{k, v})
	if c.order.Len() > c.most {
		e := c.order.Back()
		c.order.Remove(e)
		delete(c.at, e.Value.(*entry).key)
	}
}

func main() {
	t := time.Now()
	c := &lru{1000, list.New(), map[int]*list.Element{}}
	x, hits := uint32(1), 0
	for range 1_000_000 {
		x = x*1664525 + 1013904223
		k := int(x >> 20 % 1500)
		if _, ok := c.get(k); ok {
			hits++
		} else {
			c.put(k, "value")
		}
	}
	fmt.Println(hits, len(c.at))
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
