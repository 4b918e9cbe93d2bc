package lower

func init() { checkAlloc = true }
