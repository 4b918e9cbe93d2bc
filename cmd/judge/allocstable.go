package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
)

func (r *allocsRow) String() string {
	n, objects, bytes := r.counts()
	s := fmt.Sprintf("%-20s", r.Path)
	if n+len(r.Missing) > 0 {
		s += fmt.Sprintf(" %4d benchmarks, %4d equal objects, %4d bytes within 5 %%, %d without result;", n, objects, bytes, len(r.Missing))
	}
	return s + fmt.Sprintf(" tests that count: %d passed, %d failed, %d skipped, %d not natively", r.Passed, len(r.Failed), len(r.Skipped), len(r.Native))
}

// counts of a row: benchmarks, those with the same number of objects, and of bytes within 5 %.
func (r *allocsRow) counts() (n, objects, bytes int) {
	for _, c := range r.Benchmarks {
		n++
		if c.Here.Allocs == c.Real.Allocs {
			objects++
		}
		if near(c.Here.Bytes, c.Real.Bytes) {
			bytes++
		}
	}
	return n, objects, bytes
}

// allocsResults are the rows of all packages that have been run, in that order, and the file that keeps them: a line each, of
// which the last one of a package counts.
type allocsResults struct {
	file  string
	rows  map[string]*allocsRow
	order []string
}

func readAllocsResults(file string) (*allocsResults, error) {
	res := &allocsResults{file: file, rows: map[string]*allocsRow{}}
	if file == "" {
		return res, nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return res, nil
	} else if err != nil {
		return nil, err
	}
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, 64<<20)
	for n := 1; in.Scan(); n++ {
		row := &allocsRow{}
		if err := json.Unmarshal(in.Bytes(), row); err != nil || row.Path == "" {
			return nil, fmt.Errorf("%s:%d: want a package's result, have %q", file, n, in.Text())
		}
		res.put(row)
	}
	return res, in.Err()
}

func (s *allocsResults) put(row *allocsRow) {
	if s.rows[row.Path] == nil {
		s.order = append(s.order, row.Path)
	}
	s.rows[row.Path] = row
}

// add keeps a row.
func (s *allocsResults) add(row *allocsRow) error {
	s.put(row)
	if s.file == "" {
		return nil
	}
	b, err := json.Marshal(row)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

// table is the results in Markdown.
func (s *allocsResults) table(args []string) []byte {
	var rows []*allocsRow
	first, last := "9", ""
	for _, path := range s.order {
		r := s.rows[path]
		rows, first, last = append(rows, r), min(first, r.Date), max(last, r.Date)
	}
	when := last
	if first != last {
		when = first + " to " + last
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "## Benchmarks\n\n%s, `judge allocs %s`, %s on %s/%s. The same number of rounds natively and here: objects per round equal, bytes per round within 5 %%.\n\n",
		when, strings.Join(args, " "), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	b.WriteString("| package | benchmarks | objects equal | % | bytes within 5 % | % | no result here |\n|---|--:|--:|--:|--:|--:|--:|\n")
	all := allocsRow{Path: "all"}
	line := func(r *allocsRow) {
		n, objects, bytes := r.counts()
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %s | %d |\n", r.Path, n, objects, percent(objects, n), bytes, percent(bytes, n), len(r.Missing))
	}
	for _, r := range rows {
		if len(r.Benchmarks)+len(r.Missing) > 0 {
			line(r)
			all.Benchmarks = append(all.Benchmarks, r.Benchmarks...)
			all.Missing = append(all.Missing, r.Missing...)
		}
	}
	line(&all)
	b.WriteString("\nWhat disagrees:\n\n")
	for _, r := range rows {
		for _, c := range r.Benchmarks {
			if text := c.text(); text != "" {
				fmt.Fprintf(&b, "- %s.%s: %s\n", r.Path, c.Name, text)
			}
		}
		for _, name := range r.Missing {
			fmt.Fprintf(&b, "- %s.%s: no result\n", r.Path, name)
		}
		for _, name := range r.Slow {
			fmt.Fprintf(&b, "- %s.%s: not judged, takes too long natively\n", r.Path, name)
		}
	}
	b.WriteString("\n## Tests that call testing.AllocsPerRun\n\n")
	b.WriteString("| package | calls | pass here | fail here | skip themselves here | not passed natively, or not in a wasip1 build |\n|---|--:|--:|--:|--:|--:|\n")
	calls, passed, failed, skipped, native := 0, 0, 0, 0, 0
	slices.SortFunc(rows, func(x, y *allocsRow) int { return strings.Compare(x.Path, y.Path) })
	for _, r := range rows {
		if r.Calls > 0 {
			fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", r.Path, r.Calls, r.Passed, len(r.Failed), len(r.Skipped), len(r.Native))
			calls, passed, failed, skipped, native = calls+r.Calls, passed+r.Passed, failed+len(r.Failed), skipped+len(r.Skipped), native+len(r.Native)
		}
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d | %d | %d |\n\n", calls, passed, failed, skipped, native)
	for _, r := range rows {
		for _, c := range r.Failed {
			fmt.Fprintf(&b, "- %s.%s: %s\n", r.Path, c.Test, strings.TrimSpace(lastLine(c.Text)))
		}
	}
	return b.Bytes()
}

func percent(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", 100*float64(n)/float64(of))
}
