// Tickers that are all due all the time.
package main

import "time"

var keep []*time.Ticker

func main() {
	for {
		keep = append(keep, time.NewTicker(time.Millisecond))
	}
}
