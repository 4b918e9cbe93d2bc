package lower

// Dumps
//
// Each stage of the compilation has a printed form, selected by name:
//
//	types     one line per type descriptor: address, size, alignment, pointer bytes, kind, string
//	tree      the core form of functions, as package tree prints it
//	bytecode  the instructions of functions, as package bytecode prints them
//	frame     where every variable of a function lives, and the stack maps
//	layout    size, alignment, fields, padding and pointer words of a type
//	data      one line per object of the data image: address, size, section, name
//
// A function is chosen by its symbol or name ("main.main"), several by a package path
// and a dot ("strings."); "" is package main. A type is chosen by its string.

import (
	"fmt"
	"go/types"
	"io"
	"sort"
	"strings"
)

// Stages lists the stages of Dump.
var Stages = []string{"types", "tree", "bytecode", "frame", "layout", "data"}

// Dump writes the printed form of one stage of what name chooses. The error says when name chooses nothing.
func (u *Unit) Dump(w io.Writer, stage, name string) error {
	switch stage {
	case "types":
		return u.dumpTypes(w, name)
	case "layout":
		return u.dumpLayout(w, name)
	case "data":
		return u.dumpData(w, name)
	case "tree", "bytecode", "frame":
		return u.dumpFuncs(w, stage, name)
	}
	return fmt.Errorf("no stage %q, want one of %s", stage, strings.Join(Stages, ", "))
}

func (u *Unit) dumpFuncs(w io.Writer, stage, name string) error {
	if name == "" {
		name = "main."
	}
	found := false
	for _, n := range u.k.nodes {
		if n.fn.Sym != name && n.fn.Name != name && !(strings.HasSuffix(name, ".") && strings.HasPrefix(n.fn.Sym, name)) {
			continue
		}
		if found {
			fmt.Fprintln(w)
		}
		found = true
		var err error
		switch stage {
		case "tree":
			_, err = io.WriteString(w, u.k.p.Print(n.fn))
		case "bytecode":
			err = u.Program.Disassemble(w, &u.Program.Funcs[n.index])
		case "frame":
			err = u.dumpFrame(w, n)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("the program has no function %s", name)
	}
	return nil
}

func (u *Unit) dumpFrame(w io.Writer, n *node) error {
	f := &u.Program.Funcs[n.index]
	fmt.Fprintf(w, "func %s  frame %d slots, parameters %d bytes, results at %d to %d\n", f.Sym, f.Frame, f.ParamEnd, f.RetOff, f.ArgEnd)
	homes := append([]VarHome(nil), n.frag.Vars...)
	sort.SliceStable(homes, func(i, j int) bool { return homes[i].Slot < homes[j].Slot })
	for _, h := range homes {
		at := "nowhere (never materialised)"
		switch {
		case h.Heap:
			at = fmt.Sprintf("heap, pointer in r%d", h.Slot)
		case h.Slots == 1:
			at = fmt.Sprintf("r%d", h.Slot)
		case h.Slots > 1:
			at = fmt.Sprintf("r%d..r%d", h.Slot, h.Slot+h.Slots-1)
		}
		fmt.Fprintf(w, "  %-16s %-24s %s\n", h.Var.Name, u.k.desc.namer.text(h.Var.T, modeName), at)
	}
	return u.Program.DisassembleMaps(w, f)
}

func (u *Unit) dumpTypes(w io.Writer, name string) error {
	d := u.k.desc
	found := false
	for _, t := range d.order {
		text := d.namer.text(t, modeName)
		if name != "" && name != text {
			continue
		}
		found = true
		l := u.k.ls.Of(t)
		o := d.objs[t]
		if _, err := fmt.Fprintf(w, "%#x  size %-5d align %d  pointers %-4d hash %08x  %s\n", o.addr, l.Size, l.Align, l.PtrBytes, d.hashOf(t), text); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("the program has no descriptor of type %s", name)
	}
	return nil
}

func (u *Unit) dumpData(w io.Writer, name string) error {
	names := [numSections]string{"types", "ro", "rw", "bss"}
	for s, objs := range u.k.im.objs {
		for _, o := range objs {
			if name != "" && !strings.Contains(o.name, name) {
				continue
			}
			if _, err := fmt.Fprintf(w, "%#x  %6d  %-5s  %s\n", o.addr, o.size, names[s], o.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// dumpLayout draws a type: one line per field with offset and size, gaps as padding.
func (u *Unit) dumpLayout(w io.Writer, name string) error {
	for _, t := range u.k.desc.order {
		if u.k.desc.namer.text(t, modeName) == name {
			u.k.drawLayout(w, t)
			return nil
		}
	}
	for t := range u.k.typeIDs {
		if u.k.desc.namer.text(t, modeName) == name {
			u.k.drawLayout(w, t)
			return nil
		}
	}
	return fmt.Errorf("the program does not use type %s", name)
}

func (k *linker) drawLayout(w io.Writer, t types.Type) {
	l := k.ls.Of(t)
	fmt.Fprintf(w, "type %s  size %d, align %d, pointers in the first %d bytes\n", k.desc.namer.text(t, modeName), l.Size, l.Align, l.PtrBytes)
	st, ok := t.Underlying().(*types.Struct)
	end := int64(0)
	if ok {
		for i, f := range l.FieldLs {
			if gap := l.Fields[i] - end; gap > 0 {
				fmt.Fprintf(w, "  %5d  %5d  (padding)\n", end, gap)
			}
			fmt.Fprintf(w, "  %5d  %5d  %-16s %s\n", l.Fields[i], f.Size, st.Field(i).Name(), k.desc.namer.text(st.Field(i).Type(), modeName))
			end = l.Fields[i] + f.Size
		}
		if gap := l.Size - end; gap > 0 {
			fmt.Fprintf(w, "  %5d  %5d  (padding)\n", end, gap)
		}
	}
	var b strings.Builder
	words := (l.Size + 7) / 8
	for i := range min(words, 256) {
		if l.Pointer(i) {
			b.WriteByte('P')
		} else {
			b.WriteByte('.')
		}
	}
	if words > 256 {
		b.WriteString("…")
	}
	fmt.Fprintf(w, "  words  %s\n", b.String())
}
