package durable

// Space returns the free bytes that the program may use on a folder's volume, and the volume's size.
func Space(dir string) (free, total uint64, err error) { return space(dir) }
