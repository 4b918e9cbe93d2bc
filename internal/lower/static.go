package lower

import "github.com/terrarium-go/terrarium/internal/tree"

type staticData struct{}

func (k *linker) staticInit(v *tree.Init) bool { return false }

func (k *linker) staticExpr(e tree.Expr) *Data { return nil }
