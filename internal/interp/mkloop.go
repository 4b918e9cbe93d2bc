//go:build ignore

// Mkloop writes loop_gen.go: the leaf loop, its metered twin, and a metered one
// that counts what it executes, from the opcode table and the cases in loop.txt.
//
// Rules of the generated function, each of which a test of this package keeps:
// one switch over the nine bits of the case number (load.go) with all 512 cases and no
// default, so that the jump table needs no bounds check; no call anywhere, so that pc, fp, base and
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
	pad      = flag.Int("pad", 7, "filler tests before the plain loop")
	padMeter = flag.Int("padmeter", 4, "filler tests before the metered loop")
)

// text is what loop.txt says.
type text struct {
	body    map[string]string // opcode name, or symbols of host functions → Go statements with macros
	fused   [][]string        // sequences that have a case of their own
	natives []string          // keys of body: symbol/slots …
	defined [][2]string       // names and what they stand for
}

// cases reads loop.txt.
func cases() *text {
	lines, err := os.ReadFile("loop.txt")
	if err != nil {
		log.Fatal(err)
	}
	t := &text{body: map[string]string{}}
	out := t.body
	name := ""
	for n, l := range strings.Split(string(lines), "\n") {
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
				t.fused = append(t.fused, f[1:])
				continue
			case "NATIVE":
				name = strings.Join(f[1:], " ")
				t.natives = append(t.natives, name)
				out[name] = "\n"
				continue
			case "DEFINE":
				name = f[1]
				t.defined = append(t.defined, [2]string{name})
				out[name] = ""
				continue
			}
			name = f[0]
			if _, twice := out[name]; twice {
				log.Fatalf("loop.txt:%d: %s twice", n+1, name)
			}
			out[name] = strings.TrimSpace(strings.TrimPrefix(l, name)) + "\n"
		}
	}
	for i := range t.defined {
		d := &t.defined[i]
		d[1] = out[d[0]]
		delete(out, d[0])
	}
	for n := range out {
		for _, d := range t.defined {
			out[n] = word(out[n], d[0], d[1])
		}
	}
	return t
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
	s = word(s, "SAVE", "st.pc, st.fp, st.csp = uintptr(pc), uintptr(fp), uintptr(csp)")
	s = word(s, "LOAD", "pc, fp, csp = unsafe.Pointer(st.pc), unsafe.Pointer(st.fp), unsafe.Pointer(st.csp); ins = (*bytecode.Ins)(pc)")
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
	s = call(s, "W", func(a []string) string { return "(*(*uint64)(M(" + a[0] + ")))" })
	s = call(s, "M", func(a []string) string { return "unsafe.Add(base, (" + a[0] + ")&mem.Mask)" })
	s = word(s, "CIMM", "int64(int16(ins.C))")
	s = word(s, "IMM", "ins.Imm")
	s = regexp.MustCompile(`(^|[^.\w])A\b`).ReplaceAllString(s, "${1}uintptr(ins.A)")
	s = regexp.MustCompile(`(^|[^.\w])B\b`).ReplaceAllString(s, "${1}uintptr(ins.B)")
	s = regexp.MustCompile(`(^|[^.\w])C\b`).ReplaceAllString(s, "${1}uintptr(ins.C)")
	s = regexp.MustCompile(`(^|[^.\w])D\b`).ReplaceAllString(s, "${1}(ins.D>>1)")
	return s
}

var exitNames = map[string]string{
	"SLOW": "Slow", "TRAP": "Trap", "CALLSLOW": "Call", "BADCODE": "BadCode", "SPECIALRET": "Return", "FUEL": "Fuel", "POLL": "Poll", "SAVED": "Saved",
}

func loop(w *strings.Builder, name, doc string, t *text, metered, counted bool, pad int) {
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
		w.WriteString("\t\tif uintptr(pc) != lastPC+bytecode.InsBytes { last = 0 }\n\t\tlast = (last<<st.bits | uint64(*(*uint16)(pc)&(1<<st.bits-1))) & (bytecode.CountSlots - 1)\n\t\tlastPC = uintptr(pc)\n\t\t*(*uint64)(unsafe.Add(counts, last*8))++\n")
	}
	w.WriteString("\t\tswitch *(*uint16)(pc) & 511 {\n")
	var slow []string
	for n := range 512 {
		switch k := n - firstCase; {
		case n < 256:
			name := bytecode.Table[n].Name
			b, ok := t.body[name]
			if name == "" || !ok {
				slow = append(slow, fmt.Sprint(n))
				continue
			}
			fmt.Fprintf(w, "\t\tcase %d: // %s\n", n, name)
			if b = strings.TrimSpace(expand(b, metered)); b != "" {
				w.WriteString(b + "\n")
			}
		case k < 0:
			slow = append(slow, fmt.Sprint(n))
		case k < len(t.fused):
			fmt.Fprintf(w, "\t\tcase %d: // %s\n", n, strings.Join(t.fused[k], ", "))
			for i, name := range t.fused[k] {
				body := expand(t.body[name], metered)
				if i > 0 {
					body = "ins := (*bytecode.Ins)(pc)\n" + reread(body)
					w.WriteString("pc = unsafe.Add(pc, bytecode.InsBytes)\n")
				}
				fmt.Fprintf(w, "{\n%s\n}\n", body)
			}
		case k < len(t.fused)+len(t.natives):
			name := t.natives[k-len(t.fused)]
			fmt.Fprintf(w, "\t\tcase %d: // %s\n%s\n", n, name, expand(t.body[name], metered))
		default:
			slow = append(slow, fmt.Sprint(n))
		}
	}
	fmt.Fprintf(w, "\t\tcase %s:\n\t\t\tgoto exitSlow\n\t\t}\n\t}\n", strings.Join(slow, ", "))
	for _, l := range []string{"Slow", "Trap", "Poll", "Call", "BadCode", "Return", "Fuel"} {
		if l == "Fuel" && !metered {
			continue
		}
		fmt.Fprintf(w, "exit%s:\n\treason = left%s\n\tgoto out\n", l, l)
	}
	w.WriteString("out:\n\tst.pc, st.fp, st.csp = uintptr(pc), uintptr(fp), uintptr(csp)\nsaved:\n")
	if counted {
		w.WriteString("\tst.last, st.lastPC = last, lastPC\n")
	}
	w.WriteString("\treturn reason\nexitSaved:\n\treason = leftSlow\n\tgoto saved\n}\n\n")
}

// reread drops the declaration of ins in a body that does not use it.
func reread(s string) string {
	if !strings.Contains(s, "ins.") {
		return "_ = ins\n" + s
	}
	return s
}

// firstCase is the case number of the first sequence; see load.go.
const firstCase = 258

func main() {
	flag.Parse()
	t := cases()
	rows := map[string]*bytecode.Info{}
	for i := range bytecode.Table {
		if r := &bytecode.Table[i]; r.Name != "" {
			rows[r.Name] = r
		}
	}
	for n := range t.body {
		if rows[n] == nil && !slices.Contains(t.natives, n) {
			log.Fatalf("loop.txt: no opcode %s", n)
		}
	}
	for _, seq := range t.fused {
		if len(seq) < 2 {
			log.Fatalf("loop.txt: FUSE %v: one instruction", seq)
		}
		for i, name := range seq {
			r := rows[name]
			if t.body[name] == "" {
				log.Fatalf("loop.txt: FUSE %v: %s has no case of its own", seq, name)
			}
			if i < len(seq)-1 && (r.Flags&(bytecode.End|bytecode.Call) != 0 || strings.Contains(t.body[name], "pc = ")) {
				log.Fatalf("loop.txt: FUSE %v: nothing can follow %s", seq, name)
			}
		}
	}
	if n := len(t.fused) + len(t.natives); n > 511-firstCase {
		log.Fatalf("loop.txt: %d sequences and host functions, room for %d", n, 511-firstCase)
	}
	var w strings.Builder
	w.WriteString(`// Code generated by mkloop.go from loop.txt. DO NOT EDIT.

package interp

import (
	"math"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/builtin"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

`)
	loop(&w, "loop", "executes instructions until one needs the slow way.", t, false, false, *pad)
	loop(&w, "loopMetered", "is loop with a count of calls and back-branches.", t, true, false, *padMeter)
	loop(&w, "loopCounted", "is loopMetered that counts what it executes.", t, true, true, 0)
	fmt.Fprintf(&w, "// sequences are those with a case of their own: case firstCase and up.\nvar sequences = [...][]bytecode.Op{\n")
	for _, seq := range t.fused {
		fmt.Fprintf(&w, "\t{bytecode.%s},\n", strings.Join(seq, ", bytecode."))
	}
	fmt.Fprintf(&w, "}\n\n// inLoop are the host functions that have a case: its number, D of their calls, and the slots that their areas must have.\nvar inLoop = map[string]struct{ number uint16; d uint8; slots uint16 }{\n")
	for i, names := range t.natives {
		for d, name := range strings.Fields(names) {
			sym, slots, _ := strings.Cut(name, "/")
			fmt.Fprintf(&w, "\t%q: {%d, %d, %s},\n", sym, firstCase+len(t.fused)+i, d, slots)
		}
	}
	fmt.Fprintf(&w, "}\n\nconst firstCase = %d\n", firstCase)
	src, err := format.Source([]byte(w.String()))
	if err != nil {
		os.WriteFile("loop_bad.go.txt", []byte(w.String()), 0o644)
		log.Fatal(err)
	}
	if err := os.WriteFile("loop_gen.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
}
