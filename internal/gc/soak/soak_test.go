package soak

import (
	"context"
	"testing"
)

// TestRounds runs the first rounds of a fixed seed with each collector.
func TestRounds(t *testing.T) {
	for _, c := range []string{"marksweep", "concurrent", "nogc"} {
		t.Run(c, func(t *testing.T) {
			n, err := Run(context.Background(), Options{Seed: 1, Rounds: 2, Collectors: []string{c}, Log: t.Output()})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(&n)
		})
	}
}
