// Terrarium compiles and runs Go programs on its own stacks, heap and collector.
//
//	terrarium run prog.go
//	terrarium help
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/terrarium-go/terrarium"
	_ "github.com/terrarium-go/terrarium/internal/huge/early"
)

// command is one verb of the command line.
type command struct {
	name  string
	args  string
	short string
	run   func(c *command, args []string) int
}

var commands []*command

func init() {
	commands = []*command{
		{"run", "[flags] file.go… | package [arguments]", "compile and run a program", runRun},
		{"test", "[flags] [packages]", "run the tests of packages, as go test does", runTest},
		{"build", "[-o file] file.go… | package", "compile a program to an image that runs without Go", runBuild},
		{"escape", "[flags] [packages | file.go…]", "say what lives on the heap, and why", runEscape},
		{"dump", "[flags] file.go… | package [name]", "print a stage of the compilation", runDump},
		{"cache", "info | clean", "show or empty the cache of compiled programs", runCache},
		{"doctor", "", "say what is missing on this machine", runDoctor},
		{"version", "", "print versions", runVersion},
	}
}

func main() {
	takeGodebug()
	os.Exit(dispatch(os.Args[1:]))
}

func dispatch(args []string) int {
	if len(args) == 0 {
		usage(os.Stderr)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 {
			for _, c := range commands {
				if c.name == args[1] {
					return c.run(c, []string{"-h"})
				}
			}
			fmt.Fprintf(os.Stderr, "terrarium: unknown command %q; the commands are %s\n", args[1], names())
			return 2
		}
		usage(os.Stdout)
		return 0
	case "-version", "--version":
		args = []string{"version"}
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(c, args[1:])
		}
	}
	fmt.Fprintf(os.Stderr, "terrarium: unknown command %q; the commands are %s\n", args[0], names())
	return 2
}

func names() string {
	var n []string
	for _, c := range commands {
		n = append(n, c.name)
	}
	return strings.Join(n, ", ")
}

func usage(w io.Writer) {
	fmt.Fprint(w, `Terrarium runs Go programs on its own stacks, heap and garbage collector, inside
one bounded region of memory.

usage: terrarium <command> [flags] [arguments]

`)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, `
  terrarium help <command> describes its flags. Examples:

  terrarium run prog.go                        what go run does, here
  terrarium run --memory 64MiB --stats prog.go with a hard limit, and figures at the end
  terrarium run --sealed prog.go               no files, no environment
  terrarium build -o prog.terra ./cmd/prog     an image: terrarium run prog.terra needs no Go
  terrarium dump --stage layout prog.go main.T size, padding and pointer words of a type

Exit codes: that of the program; 2 for a panic or a fatal error of the program;
1 for a program that does not compile; 2 for wrong usage.
`)
}

// flags makes the flag set of a command.
func (c *command) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("terrarium "+c.name, flag.ContinueOnError)
	fs.SetOutput(os.Stderr)
	fs.Usage = func() {
		any := false
		fmt.Fprintf(fs.Output(), "usage: terrarium %s %s\n\n%s.\n", c.name, c.args, strings.ToUpper(c.short[:1])+c.short[1:])
		fs.VisitAll(func(*flag.Flag) { any = true })
		if any {
			fmt.Fprint(fs.Output(), "\nflags:\n")
			fs.PrintDefaults()
		}
	}
	return fs
}

// parse parses the flags; done tells that there is nothing more to do, with the exit code.
func parse(fs *flag.FlagSet, args []string) (code int, done bool) {
	if unsupported(fs, args, unsupportedBuildFlags) {
		return 2, true
	}
	usage := fs.Usage
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	fs.SetOutput(os.Stderr)
	fs.Usage = usage
	switch {
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(os.Stdout)
		usage()
		return 0, true
	case err != nil:
		verb := strings.TrimPrefix(fs.Name(), "terrarium ")
		fmt.Fprintf(os.Stderr, "%s: %v\nterrarium help %s describes the flags\n", fs.Name(), err, verb)
		return 2, true
	}
	return 0, false
}

// notBuilt reports a program that does not compile.
func notBuilt(err error) int {
	fmt.Fprint(os.Stderr, terrarium.BuildReport(err))
	return 1
}

func fail(code int, err error) int {
	fmt.Fprintln(os.Stderr, err)
	return code
}
