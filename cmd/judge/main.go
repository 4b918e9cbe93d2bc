// Judge runs programs under Terrarium and compares what they do with what they should do.
//
//	judge programs   our own programs, compared with the real toolchain, in many modes
//	judge gotest     the Go distribution's test programs
//	judge testprog   the real runtime's test programs
//	judge random     random programs, compared with the real toolchain
//	judge modules    the tests of well-known modules
//	judge pairs      which instructions programs execute, and which behind which
//	judge limits     programs that ask for more than they get
//	judge soak       random programs on heap and collectors, compared with a model
//	judge allocs     objects and bytes of the standard library's benchmarks, compared with go test
//	judge std        the standard library's own tests, compared with go test
//
// It exits with 1 if anything failed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/terrarium-go/terrarium/internal/vmtest"
)

// Verbs for processes that this program starts.
const (
	workerVerb = "serve-jobs"  // a worker of a vmtest.Pool
	limitVerb  = "serve-limit" // runs one limit program
)

func main() { os.Exit(dispatch(os.Args[1:])) }

const usage = `Judge runs programs under Terrarium and compares what they do with what they should do.

usage: judge programs [-run regexp] [-modes default|all|names] [-dir folder] [-v] [-escape=false]
       judge gotest   [-run regexp] [-kinds run,rundir,…] [-modes default|all|names] [-every n] [-v] [-json] [-junit file] [-p n] [-timeout 60s] [-escape=false]
       judge testprog [-run regexp] [-modes default|all|names] [-short] [-v] [-json] [-junit file] [-p n] [-timeout 60s]
       judge random   [-n 1000] [-seed 1] [-keep folder] [-debug flags]
       judge modules  [-run regexp] [-v]
       judge pairs    [-top 40] [-each] [-fused] [file.go…]   (counts instructions, judges nothing)
       judge limits   [-run regexp] [-v]
       judge soak     [-time 2m] [-seed n] [-round n] [-rounds n] [-gc names] [-v]
       judge std      [-run regexp] [-results file] [-redo regexp|failed] [-for 10m] [-short=false] [-timeout 5m] [-memory MiB]
                      [-j n] [-v] [-json] [-junit file] [-o file] [packages]
       judge allocs   [-n 100] [-run regexp] [-kinds benchmarks,tests] [-results file] [-redo regexp] [-timeout 60s] [-v] [-o file] [packages]

Run it from the module's folder. The last line of each is "N passed, M failed, K skipped".
`

func dispatch(args []string) int {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	switch verb {
	case workerVerb:
		signal.Ignore(os.Interrupt)
		if err := vmtest.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case limitVerb:
		if err := vmtest.ServeLimit(os.Stdout, args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case stdVerb:
		return runStdTests(ctx, args[1:])
	case "std":
		return judgeStd(ctx, args[1:])
	case "programs":
		return programs(ctx, args[1:])
	case "escape":
		return escapeVerb(ctx, args[1:])
	case "soak":
		return soakVerb(ctx, args[1:])
	case "limits":
		return limits(ctx, args[1:])
	case allocsVerb:
		return runBenchmarks(ctx, args[1:])
	case "allocs":
		return judgeAllocs(ctx, args[1:])
	case "testprog":
		return testprog(ctx, args[1:])
	case "gotest":
		return gotest(ctx, args[1:])
	case "modules":
		return thirdParty(ctx, args[1:])
	case "random":
		return random(ctx, args[1:])
	case "pairs":
		return pairs(ctx, args[1:])
	case randomVerb:
		return randomRun(args[1:])
	case "help", "-h", "-help", "--help":
		fmt.Print(usage)
		return 0
	}
	fmt.Fprint(os.Stderr, usage)
	return 2
}

// flags makes a flag set; bad flags end with usage.
func flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet("judge "+name, flag.ExitOnError)
	return fs
}

// escapeFlag adds the flag that puts everything on the heap.
func escapeFlag(fs *flag.FlagSet) *bool {
	return fs.Bool("escape", true, "objects that do not escape live in frames; false: on the heap")
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}
