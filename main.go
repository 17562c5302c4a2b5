// Command oplog is the operation log of a business system: who did what, to
// which thing, when. One executable records, searches, shows and exports it.
package main

import (
	"os"

	"oplog/cli"
)

// version is set when a release is built: -ldflags "-X main.version=1.2.3".
var version string

func main() { os.Exit(cli.Main(version, console())) }
