package interp

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/bytecode"
)

// TestLoopShape disassembles the loops: they call nothing, and the sequence from
// the loop's head to the indirect jump lies inside 32 aligned bytes, and so inside
// one 64-byte line of whatever binary (functions are aligned to 32 bytes). When
// the second fails, run mkloop.go with another -pad or -padmeter.
func TestLoopShape(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("reads amd64 code")
	}
	if testing.Short() {
		t.Skip("builds a binary")
	}
	exe := filepath.Join(t.TempDir(), "interp.test")
	if out, err := exec.Command("go", "test", "-c", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Skipf("go test -c: %v\n%s", err, out)
	}
	for _, name := range []string{"loop", "loopMetered"} {
		out, err := exec.Command("go", "tool", "objdump", "-s", `internal/interp\.`+name+`$`, exe).Output()
		if err != nil {
			t.Skipf("go tool objdump: %v", err)
		}
		text := strings.ReplaceAll(string(out), "CALL runtime.morestack", "morestack") // the prologue's
		if i := strings.Index(text, "CALL "); i >= 0 {
			t.Errorf("%s calls: %s", name, text[i:min(len(text), i+80)])
		}
		if strings.Contains(text, "runtime.panic") {
			t.Errorf("%s has a bounds check", name)
		}
		line := regexp.MustCompile(`\S+:\d+\s+0x([0-9a-f]+)\s+([0-9a-f]+)\s+(.*)`)
		var head, tail uint64
		for _, m := range line.FindAllStringSubmatch(text, -1) {
			a, _ := strconv.ParseUint(m[1], 16, 64)
			// The post statement is the first ADDQ $0x10 to the register of pc.
			if head == 0 && strings.HasPrefix(m[3], "ADDQ $0x10, ") {
				head = a
			}
			if strings.HasPrefix(m[3], "JMP 0(") {
				tail = a + uint64(len(m[2])/2)
				break
			}
		}
		if head == 0 || tail <= head || tail-head > 40 {
			t.Errorf("%s: dispatch from %#x to %#x: the loop has another shape than expected", name, head, tail)
		} else if head/32 != (tail-1)/32 {
			t.Errorf("%s: dispatch [%#x, %#x) crosses a line of 32 bytes", name, head, tail)
		}
	}
}

// TestEveryOpcodeIsHandled holds loop.txt and slow against the opcode table: an
// opcode without a case in the loop must be one that always leaves it.
func TestEveryOpcodeIsHandled(t *testing.T) {
	text, err := os.ReadFile("loop.txt")
	if err != nil {
		t.Fatal(err)
	}
	slow, err := os.ReadFile("slow.go")
	if err != nil {
		t.Fatal(err)
	}
	for op, row := range bytecode.Table {
		if row.Name == "" || op == int(bytecode.FUNC) {
			continue
		}
		inLoop := regexp.MustCompile(`(?m)^` + row.Name + `(\s|$)`).Match(text)
		outside := regexp.MustCompile(`bytecode\.` + row.Name + `\b`).Match(slow)
		if !inLoop && !outside {
			t.Errorf("opcode %s has no code", row.Name)
		}
		if inLoop && row.Flags&bytecode.Host != 0 || !inLoop && row.Flags&(bytecode.Host|bytecode.Safe) == 0 {
			t.Errorf("opcode %s: in the loop %v, but its row has flags %#x", row.Name, inLoop, row.Flags)
		}
	}
}

// TestCaseNumbers: what looks for a function behind a code pointer reads one byte, Op, so no other case may show
// FUNC's there; and the instruction that a case begins with is found again.
func TestCaseNumbers(t *testing.T) {
	check := func(n uint16, first bytecode.Op) {
		in := bytecode.Ins{}
		setCase(&in, n, 3)
		if in.Op == bytecode.FUNC || caseOf(&in) != n || firstOf[n-256] != first || in.D>>1 != 3 {
			t.Errorf("case %d of %s: opcode byte %d, number %d, first %d", n, bytecode.Table[first].Name, in.Op, caseOf(&in), firstOf[n-256])
		}
	}
	for _, list := range starts {
		for _, s := range list {
			check(s.number, firstOf[s.number-256])
		}
	}
	for _, k := range inLoop {
		check(k.number, bytecode.CALLN)
	}
	check(farCall, bytecode.CALL)
	far := []bytecode.Ins{{Op: bytecode.MOV}, {Op: bytecode.CALL, C: 0}}
	if n := number(far); n != uint16(bytecode.MOV) {
		t.Errorf("a far call is in sequence %s", caseName(n))
	}
	far[1].C = 9
	if n := number(far); n < firstCase {
		t.Errorf("MOV, CALL is case %d", n)
	}
}
