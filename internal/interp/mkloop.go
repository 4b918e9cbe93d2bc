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
	"strings"

	"github.com/terrarium-go/terrarium/internal/bytecode"
)

var (
	pad      = flag.Int("pad", 1, "filler tests before the plain loop")
	padMeter = flag.Int("padmeter", 1, "filler tests before the metered loop")
)

// pair is two opcodes with a case of their own.
type pair struct{ first, second string }

// cases reads loop.txt: opcode name → Go statements with macros, and the pairs.
func cases() (map[string]string, []pair) {
	text, err := os.ReadFile("loop.txt")
	if err != nil {
		log.Fatal(err)
	}
	out := map[string]string{}
	var pairs []pair
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
			if f[0] == "FUSE" {
				pairs = append(pairs, pair{f[1], f[2]})
				continue
			}
			name = f[0]
			if _, twice := out[name]; twice {
				log.Fatalf("loop.txt:%d: %s twice", n+1, name)
			}
			out[name] = strings.TrimSpace(strings.TrimPrefix(l, name)) + "\n"
		}
	}
	return out, pairs
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

func loop(w *strings.Builder, name, doc string, body map[string]string, pairs []pair, metered, counted bool, pad int) {
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
	var slow []string
	for op := range 256 {
		if i := op - int(bytecode.NumDefined); i >= 0 && i < len(pairs) {
			p := pairs[i]
			fmt.Fprintf(w, "\t\tcase %d: // %s, %s\n{\n%s\n}\npc = unsafe.Add(pc, bytecode.InsBytes)\n{\nins := (*bytecode.Ins)(pc)\n%s\n}\n",
				op, p.first, p.second, expand(body[p.first], metered), reread(expand(body[p.second], metered)))
			continue
		}
		row := bytecode.Table[op]
		b, ok := body[row.Name]
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

func main() {
	flag.Parse()
	body, pairs := cases()
	known := map[string]bool{}
	for _, r := range bytecode.Table {
		known[r.Name] = true
	}
	for n := range body {
		if !known[n] {
			log.Fatalf("loop.txt: no opcode %s", n)
		}
	}
	for _, p := range pairs {
		if body[p.first] == "" || body[p.second] == "" {
			log.Fatalf("loop.txt: FUSE %s %s: not both have a body", p.first, p.second)
		}
	}
	if int(bytecode.NumDefined)+len(pairs) > 255 {
		log.Fatalf("loop.txt: %d pairs, room for %d", len(pairs), 255-int(bytecode.NumDefined))
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
	loop(&w, "loop", "executes instructions until one needs the slow way.", body, pairs, false, false, *pad)
	loop(&w, "loopMetered", "is loop with a count of calls and back-branches.", body, pairs, true, false, *padMeter)
	loop(&w, "loopCounted", "is loopMetered that counts what it executes.", body, pairs, true, true, 0)
	w.WriteString("// pairs are the opcodes of fused instructions.\nvar pairs = [...]struct{ first, second, fused bytecode.Op }{\n")
	for i, p := range pairs {
		fmt.Fprintf(&w, "\t{bytecode.%s, bytecode.%s, %d},\n", p.first, p.second, int(bytecode.NumDefined)+i)
	}
	w.WriteString("}\n")
	src, err := format.Source([]byte(w.String()))
	if err != nil {
		os.WriteFile("loop_bad.go.txt", []byte(w.String()), 0o644)
		log.Fatal(err)
	}
	if err := os.WriteFile("loop_gen.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
}
