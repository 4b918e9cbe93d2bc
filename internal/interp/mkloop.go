//go:build ignore

// Mkloop writes loop_gen.go: the leaf loop, its metered twin, and a metered one
// that counts what it executes, from the opcode table and the cases in loop.txt.
//
// Rules of the generated function, each of which a test of this package keeps:
// one switch over the opcode byte with all 256 cases and no default, so that the
// jump table needs no bounds check; no call anywhere, so that pc, fp, base and
// the control-stack pointer live in registers; the instruction sequence from the
// loop's head to the indirect jump inside one 64-byte line, for which -pad puts
// a few bytes before the loop. The function must not be nosplit: the host could not
// preempt it then, and a guest loop would keep the host's collector waiting.
package main

import (
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/terrarium-go/terrarium/internal/bytecode"
)

var (
	pad      = flag.Int("pad", 1, "filler tests before the plain loop")
	padMeter = flag.Int("padmeter", 1, "filler tests before the metered loop")
)

// cases reads loop.txt: opcode name → Go statements with macros, the sequences that
// have a case of their own, and the opcodes that share one.
func cases() (body map[string]string, fused [][]string, shared []string) {
	text, err := os.ReadFile("loop.txt")
	if err != nil {
		log.Fatal(err)
	}
	out := map[string]string{}
	name := ""
	for n, l := range strings.Split(string(text), "\n") {
		switch {
		case l == "" || l[0] == '#':
			continue
		case l[0] == '\t':
			if name == "" {
				log.Fatalf("loop.txt:%d: a body before any name", n+1)
			}
			out[name] += l + "\n"
		default:
			f := strings.Fields(l)
			switch f[0] {
			case "FUSE":
				fused = append(fused, f[1:])
				continue
			case "SHARE":
				shared = append(shared, f[1:]...)
				continue
			}
			name = f[0]
			if _, twice := out[name]; twice {
				log.Fatalf("loop.txt:%d: %s twice", n+1, name)
			}
			out[name] = strings.TrimSpace(strings.TrimPrefix(l, name)) + "\n"
		}
	}
	return out, fused, shared
}

// call replaces every name(arg, …) in s by f(args).
func call(s, name string, f func(arg []string) string) string {
	re := regexp.MustCompile(`(^|[^\w.])` + name + `\(`)
	for {
		m := re.FindStringIndex(s)
		if m == nil {
			return s
		}
		start, i, depth := m[1], m[1], 1
		var args []string
		for ; depth > 0; i++ {
			switch s[i] {
			case '(', '[':
				depth++
			case ')', ']':
				depth--
			case ',':
				if depth == 1 {
					args = append(args, strings.TrimSpace(s[start:i]))
					start = i + 1
				}
			}
		}
		args = append(args, strings.TrimSpace(s[start:i-1]))
		head := m[1] - len(name) - 1
		s = s[:head] + f(args) + s[i:]
	}
}

func word(s, name, by string) string {
	return regexp.MustCompile(`\b`+name+`\b`).ReplaceAllString(s, by)
}

func expand(s string, metered bool) string {
	slot := func(typ string) func([]string) string {
		return func(a []string) string { return "(*(*" + typ + ")(unsafe.Add(fp, (" + a[0] + ")*8)))" }
	}
	s = call(s, "SETB", func(a []string) string {
		return "{ var t uint64; if " + a[1] + " { t = 1 }; U(" + a[0] + ") = t }"
	})
	s = call(s, "SETF32", func(a []string) string {
		return "U(" + a[0] + ") = uint64(math.Float32bits(" + a[1] + "))"
	})
	// P stands alone in "p := P(B)" or "p, q := P(B), P(C)".
	s = regexp.MustCompile(`(\w+), (\w+), (\w+), (\w+) := P\((\w)\), ([^;\n]*)`).ReplaceAllString(s,
		"$1, $2, $3, $4 := U($5), $6; if $1 < 4096 { EXIT(TRAP) }")
	s = regexp.MustCompile(`(\w+), (\w+) := P\((\w)\), P\((\w)\)`).ReplaceAllString(s,
		"$1, $2 := U($3), U($4); if $1 < 4096 || $2 < 4096 { EXIT(TRAP) }")
	s = regexp.MustCompile(`(\w+), (\w+) := P\((\w)\), ([^;\n]*)`).ReplaceAllString(s,
		"$1, $2 := U($3), $4; if $1 < 4096 { EXIT(TRAP) }")
	s = regexp.MustCompile(`(\w+) := P\((\w)\)`).ReplaceAllString(s,
		"$1 := U($2); if $1 < 4096 { EXIT(TRAP) }")
	s = word(s, "INDEX", "U(C); if i >= U(B+1) { EXIT(TRAP) }")
	s = word(s, "BARRIER", "if st.wb != 0 { EXIT(SLOW) }")
	fuel := ""
	if metered {
		fuel = "; if st.fuel--; st.fuel < 0 { goto exitFuel }"
	}
	s = word(s, "POLL", "if atomic.LoadUintptr(&st.limit) == 0 { goto exitPoll }"+fuel)
	s = word(s, "FUEL", strings.TrimPrefix(fuel, "; "))
	s = word(s, "GO", "pc = unsafe.Add(pc, IMM); continue")
	s = call(s, "EXIT", func(a []string) string { return "goto exit" + exitNames[a[0]] })
	s = call(s, "U", slot("uint64"))
	s = call(s, "S", slot("int64"))
	s = call(s, "F", slot("float64"))
	s = call(s, "F32", slot("float32"))
	s = call(s, "M", func(a []string) string { return "unsafe.Add(base, (" + a[0] + ")&mem.Mask)" })
	s = word(s, "CIMM", "int64(int16(ins.C))")
	s = word(s, "IMM", "ins.Imm")
	s = regexp.MustCompile(`(^|[^.\w])A\b`).ReplaceAllString(s, "${1}uintptr(ins.A)")
	s = regexp.MustCompile(`(^|[^.\w])B\b`).ReplaceAllString(s, "${1}uintptr(ins.B)")
	s = regexp.MustCompile(`(^|[^.\w])C\b`).ReplaceAllString(s, "${1}uintptr(ins.C)")
	s = regexp.MustCompile(`(^|[^.\w])D\b`).ReplaceAllString(s, "${1}ins.D")
	return s
}

var exitNames = map[string]string{
	"SLOW": "Slow", "TRAP": "Trap", "CALLSLOW": "Call", "BADCODE": "BadCode", "SPECIALRET": "Return", "FUEL": "Fuel", "POLL": "Poll",
}

func loop(w *strings.Builder, name, doc string, body map[string]string, fused [][]string, shared []string, metered, counted bool, pad int) {
	fmt.Fprintf(w, "// %s %s\nfunc %s(st *state) exit {\n", name, doc, name)
	w.WriteString("\tpc, fp, csp, base := unsafe.Pointer(st.pc), unsafe.Pointer(st.fp), unsafe.Pointer(st.csp), st.base\n\tvar reason exit\n")
	for i := range pad {
		fmt.Fprintf(w, "\tif st.pad == %d { return %d }\n", 70+i, 70+i)
	}
	if counted {
		w.WriteString("\tcounts, last, lastPC := unsafe.Pointer(st.counts), st.last, st.lastPC\n")
	}
	w.WriteString("\tfor ; ; pc = unsafe.Add(pc, bytecode.InsBytes) {\n\t\tins := (*bytecode.Ins)(pc)\n")
	if counted { // bytecode.Counts has the format
		w.WriteString("\t\tif uintptr(pc) != lastPC+bytecode.InsBytes { last = 0 }\n\t\tlast = (last<<8 | uint64(ins.Op)) & (1<<24 - 1)\n\t\tlastPC = uintptr(pc)\n\t\t*(*uint64)(unsafe.Add(counts, last*8))++\n")
	}
	w.WriteString("\t\tswitch uint8(ins.Op) {\n")
	free := freeOps(shared)
	var slow []string
	for op := range 256 {
		if i := slices.Index(free, op); i >= 0 && i < len(fused) {
			fmt.Fprintf(w, "\t\tcase %d: // %s\n", op, strings.Join(fused[i], ", "))
			for k, name := range fused[i] {
				text := expand(body[name], metered)
				if k > 0 {
					text = "ins := (*bytecode.Ins)(pc)\n" + reread(text)
					w.WriteString("pc = unsafe.Add(pc, bytecode.InsBytes)\n")
				}
				fmt.Fprintf(w, "{\n%s\n}\n", text)
			}
			continue
		}
		if op == sharedOp {
			fmt.Fprintf(w, "\t\tcase %d: // shared\nswitch ins.Imm {\n", op)
			for _, name := range shared {
				fmt.Fprintf(w, "case int64(bytecode.%s):\n%s\n", name, expand(body[name], metered))
			}
			w.WriteString("default:\ngoto exitSlow\n}\n")
			continue
		}
		row := bytecode.Table[op]
		b, ok := body[row.Name]
		ok = ok && !slices.Contains(shared, row.Name)
		if row.Name == "" || !ok {
			slow = append(slow, fmt.Sprint(op))
			continue
		}
		fmt.Fprintf(w, "\t\tcase %d: // %s\n", op, row.Name)
		if b = strings.TrimSpace(expand(b, metered)); b != "" {
			w.WriteString(b + "\n")
		}
	}
	fmt.Fprintf(w, "\t\tcase %s:\n\t\t\tgoto exitSlow\n\t\t}\n\t}\n", strings.Join(slow, ", "))
	for _, l := range []string{"Slow", "Trap", "Poll", "Call", "BadCode", "Return", "Fuel"} {
		if l == "Fuel" && !metered {
			continue
		}
		fmt.Fprintf(w, "exit%s:\n\treason = left%s\n\tgoto out\n", l, l)
	}
	w.WriteString("out:\n")
	if counted {
		w.WriteString("\tst.last, st.lastPC = last, lastPC\n")
	}
	w.WriteString("\tst.pc, st.fp, st.csp = uintptr(pc), uintptr(fp), uintptr(csp)\n\treturn reason\n}\n\n")
}

// reread drops the declaration of ins in a body that does not use it.
func reread(s string) string {
	if !strings.Contains(s, "ins.") {
		return "_ = ins\n" + s
	}
	return s
}

// freeOps are the opcode bytes that sequences may have: those that no instruction has, and
// those that instructions do not need because they share one.
func freeOps(shared []string) (free []int) {
	for op, row := range bytecode.Table[:sharedOp] {
		if op >= int(bytecode.NumDefined) || slices.Contains(shared, row.Name) {
			free = append(free, op)
		}
	}
	return free
}

// sharedOp is the opcode byte of instructions that share a case; see load.go.
const sharedOp = 254

func main() {
	flag.Parse()
	body, fused, shared := cases()
	rows := map[string]*bytecode.Info{}
	for i := range bytecode.Table {
		if r := &bytecode.Table[i]; r.Name != "" {
			rows[r.Name] = r
		}
	}
	for n := range body {
		if rows[n] == nil {
			log.Fatalf("loop.txt: no opcode %s", n)
		}
	}
	for _, seq := range fused {
		for i, name := range seq {
			r := rows[name]
			if body[name] == "" || slices.Contains(shared, name) {
				log.Fatalf("loop.txt: FUSE %v: %s has no case of its own", seq, name)
			}
			if i < len(seq)-1 && (r.Flags&(bytecode.End|bytecode.Call) != 0 || strings.Contains(body[name], "pc = ")) {
				log.Fatalf("loop.txt: FUSE %v: nothing can follow %s", seq, name)
			}
		}
	}
	for _, name := range shared {
		if body[name] == "" || strings.Contains(body[name], "IMM") {
			log.Fatalf("loop.txt: SHARE %s: no body, or one that uses IMM", name)
		}
	}
	free := freeOps(shared)
	if len(fused) > len(free) {
		log.Fatalf("loop.txt: %d sequences, room for %d", len(fused), len(free))
	}
	var w strings.Builder
	w.WriteString(`// Code generated by mkloop.go from loop.txt. DO NOT EDIT.

package interp

import (
	"math"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

`)
	loop(&w, "loop", "executes instructions until one needs the slow way.", body, fused, shared, false, false, *pad)
	loop(&w, "loopMetered", "is loop with a count of calls and back-branches.", body, fused, shared, true, false, *padMeter)
	loop(&w, "loopCounted", "is loopMetered that counts what it executes.", body, fused, shared, true, true, 0)
	fmt.Fprintf(&w, "// sequences are the opcode bytes of sequences and the instructions that they stand for.\nvar sequences = [...]struct{ op bytecode.Op; of []bytecode.Op }{\n")
	for i, seq := range fused {
		fmt.Fprintf(&w, "\t{%d, []bytecode.Op{bytecode.%s}},\n", free[i], strings.Join(seq, ", bytecode."))
	}
	fmt.Fprintf(&w, "}\n\n// sharing are the instructions that share sharedOp.\nvar sharing = [...]bytecode.Op{bytecode.%s}\n", strings.Join(shared, ", bytecode."))
	fmt.Fprintf(&w, "\nconst sharedOp bytecode.Op = %d\n", sharedOp)
	src, err := format.Source([]byte(w.String()))
	if err != nil {
		os.WriteFile("loop_bad.go.txt", []byte(w.String()), 0o644)
		log.Fatal(err)
	}
	if err := os.WriteFile("loop_gen.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
}
