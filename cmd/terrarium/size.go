package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium"
)

// size is a number of bytes, written with an optional unit.
type size uint64

var units = []struct {
	name  string
	bytes float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"B", 1}, {"", 1}}

// Set reads "64MiB", "1.5GB", "4096".
func (s *size) Set(text string) error {
	for _, u := range units {
		n, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		if err != nil || f < 0 || f*u.bytes > 1<<62 {
			return fmt.Errorf("%q is no size; write for example 64MiB", text)
		}
		*s = size(f * u.bytes)
		return nil
	}
	return nil
}

// String is the size with a fitting unit.
func (s *size) String() string {
	if s == nil || *s == 0 {
		return "0"
	}
	return size(*s).text()
}

func (s size) text() string {
	switch f := float64(s); {
	case f >= 1<<30:
		return fmt.Sprintf("%.2f GiB", f/(1<<30))
	case f >= 1<<20:
		return fmt.Sprintf("%.2f MiB", f/(1<<20))
	case f >= 1<<10:
		return fmt.Sprintf("%.1f KiB", f/(1<<10))
	}
	return fmt.Sprintf("%d B", uint64(s))
}

// dirs is a list of granted directories.
type dirs []terrarium.Dir

// Set adds "guest=host", or one path that is both.
func (d *dirs) Set(text string) error {
	guest, host, ok := strings.Cut(text, "=")
	if !ok {
		host = guest
	}
	if guest == "" || host == "" {
		return fmt.Errorf("%q is no directory; write guest=host", text)
	}
	if info, err := os.Stat(host); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no directory", host)
	}
	*d = append(*d, terrarium.Dir{Guest: guest, Host: host})
	return nil
}

func (d *dirs) String() string { return "" }
