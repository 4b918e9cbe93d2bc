package main

import "os"

// palette colours words on a terminal. The zero palette leaves them as they are.
type palette struct{ on bool }

// paletteFor colours when f is a terminal, NO_COLOR is not set and nothing says otherwise.
func paletteFor(f *os.File, never bool) *palette {
	fi, err := f.Stat()
	return &palette{err == nil && fi.Mode()&os.ModeCharDevice != 0 && !never && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (p *palette) wrap(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *palette) bad(s string) string  { return p.wrap("31", s) }
func (p *palette) good(s string) string { return p.wrap("32", s) }
func (p *palette) dim(s string) string  { return p.wrap("2", s) }
func (p *palette) bold(s string) string { return p.wrap("1", s) }
