package terrarium_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium"
)

// TestCompileStops ends compilations at different moments; each must say why, at once, and a later one must be whole.
func TestCompileStops(t *testing.T) {
	name := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(name, []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	opts := terrarium.Options{Args: []string{name}}
	enough := errors.New("enough")
	for _, phase := range []string{"find", "parse", "check", "link", "compile"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		seen := false
		opts.Progress = func(p string) {
			if p == phase {
				seen = true
				cancel(enough)
			}
		}
		if _, err := terrarium.Compile(ctx, opts); !errors.Is(err, enough) {
			t.Errorf("stopped in %s: error %v", phase, err)
		}
		cancel(nil)
		if !seen {
			t.Errorf("no phase %s", phase)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	opts.Progress = nil
	if _, err := terrarium.Compile(ctx, opts); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after a millisecond: error %v", err)
	}
	if _, err := terrarium.Compile(t.Context(), opts); err != nil {
		t.Error(err)
	}
}
