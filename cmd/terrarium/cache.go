package main

import (
	"fmt"
	"os"

	"github.com/terrarium-go/terrarium/internal/cache"
)

// cacheDir is the folder for compiled programs; "" if there is none or it is not wanted.
func cacheDir(off bool) string {
	if off {
		return ""
	}
	dir, err := cache.UserDir()
	if err != nil {
		return ""
	}
	return dir
}

func runCache(c *command, args []string) int {
	fs := c.flags()
	if code, done := parse(fs, args); done {
		return code
	}
	verb := fs.Arg(0)
	if fs.NArg() != 1 || verb != "info" && verb != "clean" {
		fs.Usage()
		return 2
	}
	dir, err := cache.UserDir()
	if err != nil {
		return fail(1, err)
	}
	if dir == "" {
		fmt.Println("the cache is off: TERRARIUM_CACHE=off")
		return 0
	}
	store, err := cache.Open(dir, 0)
	if err != nil {
		return fail(1, err)
	}
	if verb == "clean" {
		if err := store.Clean(); err != nil {
			return fail(1, err)
		}
		return 0
	}
	in := store.Info()
	fmt.Fprintf(os.Stdout, "folder   %s\nprograms %d\nsize     %s of at most %s\n", in.Dir, in.Entries, size(in.Bytes).text(), size(in.Limit).text())
	return 0
}
