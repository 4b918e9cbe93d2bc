package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/bench/command"
	"github.com/terrarium-go/terrarium/bench/peer"
)

// Effect of inlining and escape analysis (-effect): each program runs with both off, with inlining alone, and as it is. What it
// allocates does not change from run to run by more than a few objects; the processor time is the median of the rounds, the ways taking turns. It is the
// user time of the whole process, start included, with the compiled program in the cache.

// effectWays are flags of terrarium run.
var effectWays = []struct {
	name  string
	flags []string
}{
	{"neither", []string{"-escape=off", "-inline=off"}},
	{"inlining", []string{"-escape=off"}},
	{"both", nil},
}

var allocatedLine = regexp.MustCompile(`(\d+) objects of ([\d.]+ \w+) allocated`)

// effectRun is one run: seconds of user time, and what was allocated.
func effectRun(cmd []string) (user float64, objects, size string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	c := exec.CommandContext(ctx, cmd[0], cmd[1:]...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Run(); err != nil {
		return 0, "", "", err
	}
	m := allocatedLine.FindStringSubmatch(stderr.String())
	if m == nil {
		return 0, "", "", fmt.Errorf("no figures of the heap")
	}
	return c.ProcessState.UserTime().Seconds(), m[1], m[2], nil
}

func effect(terrarium string, match *regexp.Regexp) {
	var text strings.Builder
	w := io.MultiWriter(os.Stdout, &text)
	fmt.Fprintf(w, "`cd bench && go run . -effect -rounds %d` on %s, %s %s/%s, %d cores: objects and bytes allocated, and user time of the process\n(median of %d rounds in turns), "+
		"with neither inlining nor escape analysis (`-escape=off -inline=off`), with inlining (`-escape=off`), with both.\n\n",
		*rounds, time.Now().Format("2006-01-02"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	fmt.Fprintf(w, "| program | objects: neither | inlining | both | bytes: neither | inlining | both | user s: neither | inlining | both | both / neither |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range programs {
		if !match.MatchString(p) {
			continue
		}
		src := filepath.Join("programs", p, "main.go")
		times := make([][]float64, len(effectWays))
		objects, sizes := make([]string, len(effectWays)), make([]string, len(effectWays))
		for r := range *rounds + 1 {
			for i, way := range effectWays {
				cmd := append([]string{terrarium, "run", "-stats"}, way.flags...)
				user, n, size, err := effectRun(append(cmd, src))
				if err != nil {
					fmt.Fprintf(os.Stderr, "%s with %s: %v\n", p, way.name, err)
					continue
				}
				if objects[i], sizes[i] = n, size; r > 0 { // the first round fills the cache
					times[i] = append(times[i], user)
				}
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s |", p, strings.Join(objects, " | "), strings.Join(sizes, " | "))
		for i := range times {
			fmt.Fprintf(w, " %s |", peer.Number(peer.Median(times[i]), 2))
		}
		fmt.Fprintf(w, " %s |\n", peer.Ratio(peer.Median(times[len(times)-1]), peer.Median(times[0])))
	}
	if *out != "" {
		command.Must(peer.Section(*out, "effect", text.String()))
	}
}
