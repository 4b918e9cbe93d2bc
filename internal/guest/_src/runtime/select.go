package runtime

// selectgo stands in profiles for a select statement that waits.
func selectgo() {}
