package archive

// SetLeavesAtOnce sets how many hashes the store is asked for at once.
func SetLeavesAtOnce(n int) { leavesAtOnce = n }
