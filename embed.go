//go:build !packed

package main

import "embed"

//go:embed all:frontend/dist
var embedded embed.FS
