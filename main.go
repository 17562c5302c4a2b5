// Command oplog is the operation log of a business system: who did what to which object, and when. One executable records, searches,
// displays and exports it.
package main

import (
	"os"

	"oplog/cli"
)

// version and commit are set by release builds: -ldflags "-X main.version=1.2.3 -X main.commit=…".
var version, commit string

func main() { os.Exit(cli.Main(version, commit, console())) }
