package p

// A method expression that needs a function of its own is called with what the declared method says of its parameters; a receiver without
// pointers says nothing.

type ExprA struct{ n int }

func (a ExprA) M() int   { return a.n }
func (a *ExprA) PM() int { a.n++; return a.n } // want `a does not escape`

type ExprI interface{ N() int }
type exprName string

func (x exprName) N() int { return len(x) } // want `x does not escape`

type ExprMid struct {
	ExprA
	ExprI
}
type ExprOuter struct {
	*ExprMid
	s string
}

func expra1() int { o := ExprOuter{&ExprMid{ExprA{1}, nil}, "o"}; f := o.M; return f() }            // want `&ExprMid{...} does not escape` `o.ExprMid.ExprA.M does not escape`
func expra2() int { o := ExprOuter{&ExprMid{ExprA{1}, nil}, "o"}; f := o.PM; return f() }           // want `&ExprMid{...} does not escape` `o.ExprMid.ExprA.PM does not escape`
func expra3() int { o := ExprOuter{&ExprMid{ExprA{1}, exprName("q")}, "o"}; f := o.N; return f() }  // want `&ExprMid{...} does not escape` `exprName("q") escapes to heap` `o.ExprMid.ExprI.N does not escape`
func expra4() int { o := ExprOuter{&ExprMid{ExprA{1}, nil}, "o"}; return ExprOuter.M(o) }           // want `&ExprMid{...} escapes to heap`
func expra5() int { o := ExprOuter{&ExprMid{ExprA{1}, nil}, "o"}; return (*ExprOuter).PM(&o) }      // want `&ExprMid{...} does not escape`
func expra6() int { o := ExprOuter{&ExprMid{ExprA{1}, exprName("q")}, "o"}; return ExprOuter.N(o) } // want `&ExprMid{...} escapes to heap` `exprName("q") escapes to heap`
func expra7() int { o := ExprOuter{&ExprMid{ExprA{1}, nil}, "o"}; return o.PM() }                   // want `&ExprMid{...} does not escape`
func expra8() int { o := ExprOuter{&ExprMid{ExprA{1}, exprName("q")}, "o"}; return o.N() }          // want `&ExprMid{...} does not escape` `exprName("q") escapes to heap`
func expra9() int { o := ExprOuter{&ExprMid{ExprA{1}, nil}, "o"}; f := ExprOuter.M; return f(o) }   // want `&ExprMid{...} escapes to heap`
func exprb1() int { a := ExprA{1}; return (*ExprA).PM(&a) }
func exprb2() int { a := &ExprA{1}; return (*ExprA).M(a) }                  // want `&ExprA{...} escapes to heap`
func exprb3() int { m := &ExprMid{ExprA{1}, nil}; return (*ExprMid).M(m) }  // want `&ExprMid{...} escapes to heap`
func exprb4() int { m := &ExprMid{ExprA{1}, nil}; return (*ExprMid).PM(m) } // want `&ExprMid{...} does not escape`
