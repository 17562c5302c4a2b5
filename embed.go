package main

import (
	"embed"
	"io/fs"
)

//go:embed all:frontend/dist
var embedded embed.FS

// console returns the files of the built console.
func console() (fs.FS, error) { return fs.Sub(embedded, "frontend/dist") }
