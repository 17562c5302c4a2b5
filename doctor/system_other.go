//go:build !unix

package doctor

import "os"

// access returns why this process may not use a file or directory, as far as that is known without writing to it.
func access(path string) error {
	_, err := os.Stat(path)
	return err
}

// openFiles returns 0: Windows bounds only what all programs open.
func openFiles() uint64 { return 0 }
