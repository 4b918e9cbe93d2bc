package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc/soak"
)

// soakVerb runs random programs against heap and collectors, compared with a model.
func soakVerb(ctx context.Context, args []string) int {
	fs := flags("soak")
	o := soak.Options{}
	fs.DurationVar(&o.Time, "time", 2*time.Minute, "how long to run")
	fs.Uint64Var(&o.Seed, "seed", 0, "seed of all choices; 0: the time")
	fs.IntVar(&o.Round, "round", 1, "first round")
	fs.IntVar(&o.Rounds, "rounds", 0, "number of rounds; 0: as many as the time allows")
	collectors := fs.String("gc", "", "collectors to choose from, all by default")
	verbose := fs.Bool("v", false, "print every round before it runs")
	fs.Parse(args)
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano())
	}
	o.Collectors = splitList(*collectors)
	o.Log = io.Discard
	if *verbose {
		o.Log = os.Stdout
	}
	fmt.Printf("judge soak -seed %d -round %d\n", o.Seed, o.Round)
	n, err := soak.Run(ctx, o)
	fmt.Println(&n)
	if err != nil {
		fmt.Println(err)
		fmt.Printf("%d passed, 1 failed, 0 skipped\n", n.Rounds)
		return 1
	}
	fmt.Printf("%d passed, 0 failed, 0 skipped\n", n.Rounds)
	return 0
}
