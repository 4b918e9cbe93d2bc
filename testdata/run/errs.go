package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

var errBase = errors.New("base")

type codeError struct{ code int }

func (e codeError) Error() string        { return "code " + strconv.Itoa(e.code) }
func (e codeError) Is(target error) bool { return target == io.EOF && e.code == 0 }

type wrapErr struct {
	msg string
	err error
}

func (w *wrapErr) Error() string { return w.msg + ": " + w.err.Error() }
func (w *wrapErr) Unwrap() error { return w.err }

type multi []error

func (m multi) Error() string   { return fmt.Sprint(len(m), " errors") }
func (m multi) Unwrap() []error { return m }
func (m multi) As(p any) bool {
	s, ok := p.(*string)
	if ok {
		*s = "as string"
	}
	return ok
}

func classify(err error) string {
	var ce codeError
	var we *wrapErr
	var ne *strconv.NumError
	switch {
	case err == nil:
		return "nil"
	case errors.As(err, &we):
		return "wrap(" + classify(we.err) + ")"
	case errors.As(err, &ne):
		return "num " + ne.Func
	case errors.As(err, &ce):
		return fmt.Sprint("code ", ce.code)
	case errors.Is(err, errBase):
		return "base"
	}
	return "other"
}

type nilErr struct{}

func (*nilErr) Error() string { return "typed nil" }

func mayFail(fail bool) error {
	var p *nilErr
	if fail {
		return p
	}
	return nil
}

func cleanup(name string, fail bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(err, fmt.Errorf("%s: panic: %v", name, r))
		}
	}()
	defer func() {
		if cerr := closeIt(fail); cerr != nil {
			err = errors.Join(err, fmt.Errorf("close %s: %w", name, cerr))
		}
	}()
	if fail {
		panic(codeError{3})
	}
	return nil
}

func closeIt(fail bool) error {
	if fail {
		return errBase
	}
	return nil
}

func main() {
	_, numErr := strconv.Atoi("12x")
	joined := errors.Join(errBase, nil, codeError{0}, fmt.Errorf("deep: %w", &wrapErr{"w", numErr}))
	both := fmt.Errorf("two: %w and %w", errBase, fs.ErrNotExist)
	list := []error{nil, errBase, codeError{7}, fmt.Errorf("a: %w", fmt.Errorf("b: %w", errBase)), &wrapErr{"outer", codeError{1}}, numErr, joined, both, multi{errBase, io.ErrUnexpectedEOF}}
	for _, err := range list {
		fmt.Printf("%v | %s | %v %v %v %v\n", strings.ReplaceAll(fmt.Sprint(err), "\n", "/"), classify(err), errors.Is(err, errBase), errors.Is(err, io.EOF), errors.Is(err, fs.ErrNotExist), errors.Unwrap(err))
	}
	var s string
	var target any = &s
	fmt.Println(errors.As(multi{}, target), s, errors.Join(nil, nil) == nil)
	fmt.Println(mayFail(false) == nil, mayFail(true) == nil, mayFail(true))
	fmt.Println(cleanup("f", false), "|", strings.ReplaceAll(cleanup("g", true).Error(), "\n", "/"))
	fmt.Printf("%v %+v %#v %q %x %s\n", codeError{1}, codeError{2}, codeError{3}, errBase, codeError{4}, &wrapErr{"p", errBase})
	fmt.Printf("%d %s %v\n", errBase, []error{errBase, nil}, map[error]int{errBase: 1})
	_, err := os.Open("/does/not/exist")
	var pe *fs.PathError
	fmt.Println(errors.As(err, &pe), pe.Op, pe.Path, errors.Is(err, os.ErrNotExist))
	fmt.Println(errors.New("x") == errors.New("x"), codeError{1} == codeError{1}, error(codeError{1}) == error(codeError{1}), errors.ErrUnsupported)
	fmt.Println(fmt.Errorf("no verb %d", 1), errors.Unwrap(fmt.Errorf("%v", errBase)), fmt.Errorf("%w", nil))
}
