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
	"sort"
	"strings"
	"time"
)

// stdRow is what came of one package: a row of the table, and a line of the file of results.
type stdRow struct {
	Path                    string
	Date                    string // of the run
	Passed, Failed, Skipped int
	Native                  []string `json:",omitempty"` // tests that fail natively and are not compared
	Second                  []string `json:",omitempty"` // tests that passed when they ran a second time, alone; counted in Passed
	Took, NativeTook        time.Duration
	Failures                []stdFailure `json:",omitempty"`
	Note                    string       `json:",omitempty"`
}

type stdFailure struct{ Test, Text string }

func (r *stdRow) String() string {
	return strings.TrimRight(fmt.Sprintf("%-28s %4d passed %3d failed %3d skipped %3d fail natively  %6.1fs (native %.1fs) %s",
		r.Path, r.Passed, r.Failed, r.Skipped, len(r.Native), r.Took.Seconds(), r.NativeTook.Seconds(), r.Note), " ")
}

// stdResults are the rows of all packages that have been run, and the file that keeps them: a line each, of which the
// last one of a package counts.
type stdResults struct {
	file string
	rows map[string]*stdRow
}

func readStdResults(file string) (*stdResults, error) {
	res := &stdResults{file, map[string]*stdRow{}}
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
		row := &stdRow{}
		if err := json.Unmarshal(in.Bytes(), row); err != nil || row.Path == "" {
			return nil, fmt.Errorf("%s:%d: want a package's result, have %q", file, n, in.Text())
		}
		res.rows[row.Path] = row
	}
	return res, in.Err()
}

// add keeps a row.
func (s *stdResults) add(row *stdRow) error {
	s.rows[row.Path] = row
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

// table is the results as a document.
func (s *stdResults) table(args []string) []byte {
	var rows []*stdRow
	first, last := "9", ""
	var sum stdRow
	for _, r := range s.rows {
		rows = append(rows, r)
		first, last = min(first, r.Date), max(last, r.Date)
		sum.Passed += r.Passed
		sum.Failed += r.Failed
		sum.Skipped += r.Skipped
		sum.Native = append(sum.Native, r.Native...)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Path < rows[j].Path })
	when := last
	if first != last {
		when = first + " to " + last
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The standard library's own tests\n\n%s, `judge std %s`, natively by go test of %s on %s/%s\n(no runner of wasm binaries is needed: the list of tests is that of the wasip1 build).\n\n",
		when, strings.Join(args, " "), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(&b, "%d packages. Test functions, examples and fuzz seeds: %d passed, %d failed, %d skipped here, %d fail natively on this machine and are not compared",
		len(rows), sum.Passed, sum.Failed, sum.Skipped, len(sum.Native))
	if n := sum.Passed + sum.Failed; n > 0 {
		fmt.Fprintf(&b, "; %.1f %% of those that count pass", 100*float64(sum.Passed)/float64(n))
	}
	b.WriteString(".\nA skip is the test's own decision on wasip1 (no processes, no network), or with -short.\n\nNot judged:\n\n")
	var skipped []string
	for path, why := range stdSkipped {
		skipped = append(skipped, "- "+path+": "+why+"\n")
	}
	sort.Strings(skipped)
	b.WriteString(strings.Join(skipped, ""))
	b.WriteString("\n| package | passed | failed | skipped | fail natively | processor s here | s native | run on |\n|---|--:|--:|--:|--:|--:|--:|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %.1f | %.1f | %s |\n", r.Path, r.Passed, r.Failed, r.Skipped, len(r.Native), r.Took.Seconds(), r.NativeTook.Seconds(), r.Date)
	}
	b.WriteString("\n## What fails\n\n")
	for _, r := range rows {
		s.failures(&b, r)
	}
	b.WriteString("\n## What passed only when it ran a second time, alone\n\n")
	for _, r := range rows {
		for _, name := range r.Second {
			fmt.Fprintf(&b, "- %s.%s\n", r.Path, name)
		}
	}
	return b.Bytes()
}

// failures lists a package's failures, those with the same text in one line.
func (s *stdResults) failures(b *bytes.Buffer, r *stdRow) {
	names := map[string][]string{}
	var texts []string
	for _, f := range r.Failures {
		text := firstSaying(f.Text)
		if names[text] == nil {
			texts = append(texts, text)
		}
		names[text] = append(names[text], f.Test)
	}
	for _, text := range texts {
		list := names[text]
		sort.Strings(list)
		more := ""
		if len(list) > 12 {
			list, more = list[:12], fmt.Sprintf(" and %d more", len(list)-12)
		}
		fmt.Fprintf(b, "- %s: %s%s: `%s`\n", r.Path, strings.Join(list, ", "), more, strings.ReplaceAll(text, "`", "'"))
	}
}

// firstSaying is the first line of a failure's text that is not about the run of a subtest.
func firstSaying(text string) string {
	first := ""
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		first = line
		break
	}
	if len(first) > 160 {
		first = first[:160] + "…"
	}
	return first
}
