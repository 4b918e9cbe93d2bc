package main

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

type Inner struct{ A, B int }

type S struct {
	Inner
	Name string `k:"v" j:"w"`
	F    func(int) int
	M    map[string][]int
	p    *int
}

func (s S) Hello(n string, k ...int) string { return s.Name + n + fmt.Sprint(k) }
func (s *S) Set(n string)                   { s.Name = n }
func (i Inner) Sum() int                    { return i.A + i.B }

type Op func(a, b int) (int, error)

func main() {
	s := S{Inner{1, 2}, "n", nil, map[string][]int{"x": {1}}, nil}
	t := reflect.TypeOf(s)
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Println(f.Name, f.Type, f.Tag.Get("k"), f.Offset, f.Anonymous, f.IsExported())
	}
	for i := range t.NumMethod() {
		fmt.Println(t.Method(i).Name, t.Method(i).Type)
	}
	pt := reflect.TypeOf(&s)
	fmt.Println(pt.NumMethod(), pt.Elem() == t, pt.Kind(), t.Size(), t.Align())
	v := reflect.ValueOf(&s)
	v.MethodByName("Set").Call([]reflect.Value{reflect.ValueOf("new")})
	out := v.MethodByName("Hello").Call([]reflect.Value{reflect.ValueOf("!"), reflect.ValueOf(1), reflect.ValueOf(2)})
	fmt.Println(out[0], v.Elem().FieldByName("A").Int(), v.MethodByName("Sum").Call(nil)[0].Int())
	v.Elem().FieldByName("B").SetInt(40)
	fmt.Println(s.B, v.Elem().Field(1).CanSet(), v.Elem().FieldByName("p").CanSet())
	swap := func(in []reflect.Value) []reflect.Value { return []reflect.Value{in[1], in[0]} }
	var f func(string, int) (int, string)
	reflect.ValueOf(&f).Elem().Set(reflect.MakeFunc(reflect.TypeOf(f), swap))
	fmt.Println(f("a", 7))
	var g func(int8, bool, float32, [2]int16, Inner) (Inner, int8, bool)
	reflect.ValueOf(&g).Elem().Set(reflect.MakeFunc(reflect.TypeOf(g), func(in []reflect.Value) []reflect.Value {
		return []reflect.Value{in[4], reflect.ValueOf(int8(in[0].Int() - 100)), in[1]}
	}))
	fmt.Println(g(-5, true, 1.5, [2]int16{1, 2}, Inner{8, 9}))
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(""), reflect.TypeOf(0)))
	for i, k := range strings.Fields("b a c") {
		m.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(i))
	}
	keys := m.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	fmt.Println(keys, m.Interface(), m.Len())
	it := m.MapRange()
	n := 0
	for it.Next() {
		n += int(it.Value().Int())
	}
	fmt.Println(n)
	st := reflect.StructOf([]reflect.StructField{
		{Name: "X", Type: reflect.TypeOf(0), Tag: `json:"x"`},
		{Name: "Y", Type: reflect.TypeOf([]string{})},
	})
	sv := reflect.New(st).Elem()
	sv.Field(0).SetInt(5)
	sv.Field(1).Set(reflect.ValueOf([]string{"q"}))
	fmt.Printf("%v %+v\n", st, sv.Interface())
	fmt.Println(reflect.ArrayOf(3, reflect.TypeOf(byte(0))), reflect.SliceOf(st), reflect.ChanOf(reflect.BothDir, t), reflect.PointerTo(pt),
		reflect.FuncOf([]reflect.Type{t}, []reflect.Type{pt}, false))
	sl := reflect.MakeSlice(reflect.TypeOf([]int{}), 0, 2)
	for i := range 5 {
		sl = reflect.Append(sl, reflect.ValueOf(i*i))
	}
	fmt.Println(sl, sl.Slice(1, 3), sl.Len())
	ch := reflect.MakeChan(reflect.TypeOf(make(chan int)), 1)
	ch.Send(reflect.ValueOf(3))
	x, ok := ch.Recv()
	fmt.Println(x, ok)
	ci, rv, rok := reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: ch}, {Dir: reflect.SelectDefault}})
	fmt.Println(ci, rv, rok)
	fmt.Println(reflect.DeepEqual(map[string][]int{"a": {1}}, map[string][]int{"a": {1}}), reflect.DeepEqual(s, 1))
	fmt.Println(reflect.TypeOf(errors.New("x")), reflect.TypeOf((*error)(nil)).Elem(), reflect.TypeOf(Op(nil)))
	fmt.Println(reflect.TypeOf(s).Implements(reflect.TypeOf((*interface{ Sum() int })(nil)).Elem()), reflect.Zero(t).Field(1))
	conv := reflect.ValueOf(65).Convert(reflect.TypeOf(float64(0)))
	fmt.Println(conv, conv.Type(), reflect.ValueOf("abc").Index(1))
	func() {
		defer func() { fmt.Println(recover()) }()
		reflect.ValueOf(s).Field(1).SetString("x")
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		reflect.ValueOf(1).Len()
	}()
}
