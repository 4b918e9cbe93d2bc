package files

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed testdata/embedded.txt
var embedded string

func TestFiles(t *testing.T) {
	text, err := os.ReadFile("testdata/read.txt")
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil || filepath.Base(wd) != "files" {
		t.Error(wd, err)
	}
	t.Log(len(text), len(embedded), os.Getenv("TESTING_VARIABLE"))
}
