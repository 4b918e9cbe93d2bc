package inline

import (
	"fmt"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// Writer has the names that messages need; *escape.Analyzer is one.
type Writer interface {
	FuncName(f *tree.Func) string
	RealName(f *tree.Func) string // of an instance, with its type arguments
	SignatureText(f *tree.Func) string
	Devirtualization(c *tree.Call, t types.Type, partial bool) string
}

// Text is the note in the words of the real compiler, "" for one that it makes only with -m=2 (level).
func (n *Note) Text(w Writer, level int) string {
	name := w.FuncName
	if n.Real {
		name = w.RealName
	}
	switch n.Kind {
	case CanInline:
		if level > 1 {
			return fmt.Sprintf("can inline %s with cost %d as: %s", name(n.F), n.Cost, w.SignatureText(n.F))
		}
		return "can inline " + name(n.F)
	case CannotInline:
		if level > 1 {
			return fmt.Sprintf("cannot inline %s: %s", name(n.F), n.Reason)
		}
	case Inlining:
		return "inlining call to " + name(n.F)
	case Devirtualizing:
		return w.Devirtualization(n.Call, n.Type, n.Partial)
	case Big:
		if level > 1 {
			return fmt.Sprintf("function %s considered 'big'; reducing max cost of inlinees", name(n.F))
		}
	}
	return ""
}
