package b

func Two() {
	unused := 2
	return 2
}
