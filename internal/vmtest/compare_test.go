package vmtest

import "testing"

func TestPanicText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"all is well\n", ""},
		{"x\npanic: a\n\tpanic: b\n\ngoroutine 1 [running]:\nmain.(*T).f(0x1, {0x2, 0x3})\n\t/a/b.go:3 +0x1\nmain.main()\n\t/a/b.go:9 +0x2\nexit status 2\n",
			"panic: a\n\tpanic: b\ngoroutine [running]:\nmain.(*T).f\nmain.main"},
		{"panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4]\n\ngoroutine 7 gp=0xc0 m=0 mp=0x5 [running]:\nmain.f.func1(...)\n\t/x.go:1\ncreated by main.main in goroutine 1\n\t/x.go:2 +0x4\n\ngoroutine 1 [sleep]:\nother()\n\t/y.go:1\n",
			"panic: runtime error: invalid memory address or nil pointer dereference\ngoroutine [running]:\nmain.f.func1"},
		{"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive, 5 minutes]:\nsync.runtime_Sem(0x1)\n\t/s.go:1 +0x1\nmain.main()\n\t/x.go:1 +0x1\n",
			"fatal error: all goroutines are asleep - deadlock!\ngoroutine [chan receive]:\nmain.main"},
	} {
		if got := PanicText(c.in); got != c.want {
			t.Errorf("PanicText(%q)\ngot  %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestFirstDifference(t *testing.T) {
	if d := FirstDifference("a\nb\n", "a\nc\n"); d != "line 2\n  want  b\n  got   c\n  after a" {
		t.Errorf("%q", d)
	}
	if d := FirstDifference("a\n", "a"); d != "line 2\n  want  \n  got   (end)\n  after a" {
		t.Errorf("%q", d)
	}
	if d := FirstDifference("same", "same"); d != "" {
		t.Errorf("%q", d)
	}
}

func TestDirectives(t *testing.T) {
	p := Program{Skip: map[string]string{}, Frames: true}
	err := p.directives("//judge:gcevery 7\n//judge:skip storm takes long\n//judge:stdin \"a\\n\"\n//judge:args x y\n//judge:frames off\n//judge:ends\npackage main\n//judge:unknown\n")
	if err != nil || p.Stress != 7 || p.Skip["storm"] != "takes long" || p.Stdin != "a\n" || len(p.Args) != 2 || p.Frames || !p.Ends {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"//judge:nope", "//judge:gcevery x", "//judge:skip storm", "//judge:skip nomode why"} {
		if err := p.directives(bad + "\npackage p\n"); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestModes(t *testing.T) {
	all, err := Modes("all", 5)
	if err != nil || len(all) != len(modes) {
		t.Fatal(all, err)
	}
	for _, m := range all {
		if m.Name == "gcevery" && m.Debug != "gcevery=5" {
			t.Errorf("%+v", m)
		}
	}
	if _, err := Modes("default,none", 0); err == nil {
		t.Error("no error for an unknown mode")
	}
}
