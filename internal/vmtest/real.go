package vmtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Toolchain is the installed Go distribution: its folder and version.
var Toolchain = sync.OnceValues(func() (tc struct{ Root, Version string }, err error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return tc, fmt.Errorf("go env: %w", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != 2 {
		return tc, fmt.Errorf("go env printed %q, want two words", out)
	}
	tc.Root, tc.Version = lines[0], lines[1]
	return tc, nil
})

// Real runs the job's program with the real toolchain: go build, then the
// binary itself, whose exit code go run would hide. What came of it is kept in the user's
// cache folder, by a hash of the sources, the job and the Go version, so that
// programs whose output differs from run to run must not be judged with it.
func Real(ctx context.Context, j *Job) (Outcome, error) {
	key, err := realKey(j)
	if err != nil {
		return Outcome{}, err
	}
	file := ""
	if dir, err := os.UserCacheDir(); err == nil {
		file = filepath.Join(dir, "terrarium", "judge", key+".gob")
		if b, err := os.ReadFile(file); err == nil {
			var o Outcome
			if gob.NewDecoder(bytes.NewReader(b)).Decode(&o) == nil {
				return o, nil
			}
		}
	}
	o, err := runReal(ctx, j)
	if err != nil || file == "" {
		return o, err
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(o); err == nil && os.MkdirAll(filepath.Dir(file), 0o777) == nil {
		tmp := fmt.Sprintf("%s.%d", file, os.Getpid())
		if os.WriteFile(tmp, b.Bytes(), 0o666) == nil {
			os.Rename(tmp, file)
		}
	}
	return o, nil
}

func realKey(j *Job) (string, error) {
	tc, err := Toolchain()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "3 %s %q %q %v\n", tc.Version, j.Args, j.Stdin, j.Merge)
	for _, f := range j.Files {
		err := filepath.WalkDir(f, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(name)
			fmt.Fprintf(h, "%s %x\n", filepath.Base(name), sha256.Sum256(b))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16]), nil
}

func runReal(ctx context.Context, j *Job) (Outcome, error) {
	tmp, err := os.MkdirTemp("", "judge")
	if err != nil {
		return Outcome{}, err
	}
	defer os.RemoveAll(tmp)
	exe := filepath.Join(tmp, "program")
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", exe}, j.Files...)...)
	build.Dir = j.Dir
	if len(j.Files) == 1 && !strings.HasSuffix(j.Files[0], ".go") {
		build.Dir, build.Args[len(build.Args)-1] = j.Files[0], "."
	}
	o := Outcome{Mode: "real"}
	start := time.Now()
	if out, err := build.CombinedOutput(); err != nil {
		return o, fmt.Errorf("go build %s: %w\n%s", strings.Join(j.Files, " "), err, out)
	}
	o.Compile = time.Since(start)
	ctx, cancel := context.WithTimeout(ctx, j.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, j.Args...)
	cmd.Dir = j.Dir
	cmd.Stdin = strings.NewReader(j.Stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if j.Merge {
		cmd.Stderr = &stdout
	}
	start = time.Now()
	err = cmd.Run()
	o.Run = time.Since(start)
	o.Stdout, o.Stderr = stdout.String(), stderr.String()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return o, fmt.Errorf("%s: %w", strings.Join(j.Files, " "), ctx.Err())
	case errors.As(err, &exit):
		o.ExitCode = exit.ExitCode()
	case err != nil:
		return o, err
	}
	return o, nil
}
