package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type item struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Price float64           `json:"price"`
	Tags  []string          `json:"tags"`
	Attr  map[string]string `json:"attr,omitempty"`
	Next  *item             `json:"next"`
}

func main() {
	t := time.Now()
	var items []item
	for i := range 400 {
		items = append(items, item{i, fmt.Sprint("item ", i), float64(i) * 1.25, []string{"a", "bb", "ccc"}, map[string]string{"k": "v", "z": "<&>"}, &item{ID: -i}})
	}
	n := 0
	for range 5 {
		b, err := json.Marshal(items)
		if err != nil {
			panic(err)
		}
		n += len(b)
		var back []item
		if err := json.Unmarshal(b, &back); err != nil {
			panic(err)
		}
		n += len(back) + back[17].ID
	}
	fmt.Println(n)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
