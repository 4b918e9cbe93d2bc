// Writes and reads JSON, by structs and by interfaces.
package main

import (
	"encoding/json"
	"fmt"
)

type item struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Price float64           `json:"price"`
	Tags  []string          `json:"tags,omitempty"`
	Attr  map[string]string `json:"attr"`
	Sub   *item             `json:"sub,omitempty"`
}

func main() {
	var items []item
	for i := range 200 {
		items = append(items, item{i, fmt.Sprintf("item <%d>", i), float64(i) * 1.25, []string{"a", "bb", "ccc"}, map[string]string{"k": "v", "x": fmt.Sprint(i)},
			&item{ID: -i, Name: "sub"}})
	}
	for range 8 {
		text, err := json.Marshal(items)
		if err != nil {
			panic(err)
		}
		var back []item
		if err := json.Unmarshal(text, &back); err != nil {
			panic(err)
		}
		var loose any
		if err := json.Unmarshal(text, &loose); err != nil {
			panic(err)
		}
		if len(back) != len(loose.([]any)) {
			panic("lost items")
		}
	}
	fmt.Println("ok")
}
