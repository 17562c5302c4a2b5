package main

import "io/fs"

// console returns the files of the built console.
func console() fs.FS {
	files, err := fs.Sub(embedded, "frontend/dist")
	if err != nil {
		panic(err) // only for an invalid name
	}
	return files
}
