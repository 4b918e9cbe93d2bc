// Package inline replaces calls by the bodies of the functions they call.
//
// Its place in the way of a program is between building and escape analysis. It
// works on the full form: a call f(a, b) becomes a Block, whose statements declare
// variables for the parameters and results of f, assign the arguments, and hold a copy of f's body in which
// return is an assignment to the result variables and a jump to the end; X of the Block is the result.
// Positions inside the copy stay those of f, so that a traceback can name both functions.
//
// Today the pass leaves every call in place. What it has to keep, when it does more:
//
//   - recover, defer, and functions marked NoInline are not copied;
//   - a method or function named by linkname from elsewhere stays callable;
//   - the budget of the real compiler decides, so that escape decisions agree with its -m output.
package inline

import "github.com/terrarium-go/terrarium/internal/tree"

// Pass is the inliner in the form of a pass between building and ordering.
func Pass(*tree.Program, *tree.Func) {}
