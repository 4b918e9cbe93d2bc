// A tree of contexts with deadlines that is never cancelled.
package main

import (
	"context"
	"time"
)

func main() {
	ctx := context.Background()
	for i := 0; ; i++ {
		c, cancel := context.WithTimeout(ctx, time.Hour)
		_ = cancel
		c = context.WithValue(c, i, i)
		if i%100 == 0 {
			ctx = c
		}
		context.AfterFunc(c, func() {})
	}
}
