package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"
)

type secret string

func (secret) LogValue() slog.Value { return slog.StringValue("***") }

type point struct{ X, Y int }

func (p point) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("x", p.X), slog.Int("y", p.Y))
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	if a.Key == slog.SourceKey {
		s := a.Value.Any().(*slog.Source)
		return slog.String("src", s.Function)
	}
	return a
}

type counting struct {
	slog.Handler
	n *int
}

func (c counting) Handle(ctx context.Context, r slog.Record) error {
	*c.n++
	r.AddAttrs(slog.Any("ctx", ctx.Value("id")))
	return c.Handler.Handle(ctx, r)
}

func main() {
	level := new(slog.LevelVar)
	text := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: level, ReplaceAttr: dropTime, AddSource: true}))
	text.Info("hello", "n", 1, "s", "with space", "err", errors.New("bad"), "d", 1500*time.Millisecond, "pw", secret("x"), "p", point{1, 2})
	text.Debug("hidden")
	level.Set(slog.LevelDebug)
	text.With("a", 1).WithGroup("g").With("b", 2).Debug("shown", "c", []int{1, 2}, slog.Any("last", nil))
	js := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: dropTime}))
	js.Warn("json", slog.Group("req", "method", "GET", "size", 1<<40), "f", 0.5, "nil", nil, "b", true, "t", time.Unix(0, 0).UTC(), "m", map[string]int{"k": 1})
	n := 0
	cl := slog.New(counting{js.Handler(), &n})
	cl.LogAttrs(context.WithValue(context.Background(), "id", 7), slog.LevelError+1, "wrapped", slog.Uint64("u", 9))
	fmt.Println(n, js.Enabled(context.Background(), slog.LevelDebug))

	l := log.New(os.Stdout, "[app] ", log.Lmsgprefix|log.Lshortfile)
	l.Println("line", 1)
	l.Printf("no newline %d", 2)
	var b bytes.Buffer
	log.SetOutput(&b)
	log.SetFlags(0)
	log.Print("to a buffer")
	func() {
		defer func() { fmt.Printf("%q %q\n", recover(), b.String()) }()
		log.Panicf("panic %d", 3)
	}()

	fs := flag.NewFlagSet("prog", flag.ContinueOnError)
	var out strings.Builder
	fs.SetOutput(&out)
	num := fs.Int("n", 5, "a `count` of things")
	name := fs.String("name", "none", "the name")
	var on bool
	fs.BoolVar(&on, "on", false, "switch")
	dur := fs.Duration("d", time.Second, "how long")
	fs.Func("add", "adds", func(s string) error {
		if s == "" {
			return errors.New("empty")
		}
		return nil
	})
	fmt.Println(fs.Parse([]string{"-n=7", "--name", "ann", "-on", "-d", "1h2m", "rest", "-n"}), *num, *name, on, *dur, fs.Args())
	fmt.Println(fs.Parse([]string{"-n", "x"}))
	fmt.Println(fs.Parse([]string{"-add", ""}))
	fmt.Println(fs.Parse([]string{"-h"}), errors.Is(fs.Parse([]string{"-help"}), flag.ErrHelp))
	fmt.Println(strings.Count(out.String(), "switch"), strings.Contains(out.String(), "-n count"))
	fs.Visit(func(f *flag.Flag) { fmt.Print(f.Name, "=", f.Value, " ") })
	fmt.Println()
	log.SetOutput(os.Stderr)
	defer fmt.Println("not reached")
	log.Fatal("fatal: exit code 1")
}
