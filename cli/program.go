// Package cli is the command line of oplog, with one file per command: each opens what it needs, runs and closes it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // for machines without a time zone database, where days would silently be in UTC

	"github.com/alecthomas/kong"

	"oplog/archive"
	"oplog/oplog"
)

// Main runs the command of the process's arguments until it is done or interrupted, and returns the exit status. version and commit are
// those of the release, "" for other builds.
func Main(version, commit string, console fs.FS) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program immediately
	p := &Program{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		Console: console, Version: version, Commit: commit, SystemConfig: systemConfig(runtime.GOOS, os.Getenv),
	}
	if isWindowsService() {
		return p.runAsService(os.Args[1:])
	}
	return p.Run(ctx, os.Args[1:])
}

// Program is the program with its environment.
type Program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
	Console        fs.FS  // the built console
	Version        string // of the release, "" for other builds
	Commit         string // likewise
	SystemConfig   string // the machine's configuration file, which need not exist; "" for none

	ready       func()                 // called by serve once it serves; may be nil
	variables   map[string]string      // environment variables that set flags, by flag
	config      *configFile            // nil for none
	fromFile    map[string]configValue // values of config that set flags, by flag
	signCommand string                 // see signFlag
	log         *programLog            // of a serving command; nil for others
	noCopy      bool                   // see upgradeFlag
	answerTime  time.Duration          // how long doctor waits for a server; 0 for maxAnswer
	running     *running               // the open log that the command runs in; nil for one of its own
	archive     []archiveSettings      // of a command that needs the archive; none for others
	engines     []archive.Engine       // in place of those that the settings name, for tests
}

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // one line on stderr says why
	exitUsage  = 2 // usage error
)

// commands are the program's subcommands. A command's fields are its flags, and each flag can be set in the environment: --data as
// OPLOG_DATA.
type commands struct {
	signFlag
	upgradeFlag

	Serve        serveCommand        `cmd:"" default:"withargs" help:"Serve the API and the console; the default command."`
	Demo         demoCommand         `cmd:"" set:"data=a temporary directory, deleted on exit" help:"Serve a fictitious company with a log full of entries."`
	Tenant       tenantCommand       `cmd:"" help:"Add, list and change tenants."`
	Account      accountCommand      `cmd:"" help:"Add, list and change accounts."`
	Identity     identityCommand     `cmd:"" help:"Test how directories and identity providers sign people in."`
	Key          keyCommand          `cmd:"" help:"Add, list and revoke API keys."`
	Catalog      catalogCommand      `cmd:"" help:"List and extend the modules and operation types of a tenant."`
	Import       importCommand       `cmd:"" help:"Import operations from files."`
	Reindex      reindexCommand      `cmd:"" help:"Rebuild the search index from the stored entries."`
	Verify       verifyCommand       `cmd:"" help:"Verify every entry against the Merkle tree, and the tree against a checkpoint kept elsewhere."`
	Export       exportCommand       `cmd:"" help:"Export the operations of a period to a file."`
	VerifyExport verifyExportCommand `cmd:"" help:"Verify an export against its signed manifest; requires no server or data directory."`
	VerifyProof  verifyProofCommand  `cmd:"" help:"Verify the copied proof of an entry; requires no server or data directory."`
	Cluster      clusterCommand      `cmd:"" help:"Form one log of three or five machines, which goes on when one of them dies."`
	Witness      witnessCommand      `cmd:"" help:"Follow logs of other machines: cosign their checkpoints while they only grow."`
	TLS          tlsCommand          `cmd:"" name:"tls" help:"Create certificates for HTTPS in a network without the internet."`
	Archive      archiveCommand      `cmd:"" help:"Keep old days of large tenants in a database of the site, where they stay searchable and provable."`
	Backup       backupCommand       `cmd:"" help:"Back up the whole log to one file."`
	Restore      restoreCommand      `cmd:"" help:"Restore a backup to a new data directory."`
	Doctor       doctorCommand       `cmd:"" help:"Check disk, rights, clock, port, certificate, store, index, backups, checkpoints and limits, and say what to do."`
	Bench        benchCommand        `cmd:"" help:"Measure how fast a log is on this machine, in a temporary directory."`
	Settings     configCommand       `cmd:"" name:"config" help:"Print the configuration in force and where it comes from; write a configuration file."`
	Service      serviceCommand      `cmd:"" help:"Install, remove, start and stop oplog as a service of this machine."`
	Ping         pingCommand         `cmd:"" help:"Check that the server of this machine responds; for health checks."`
	Assets       assetsCommand       `cmd:"" help:"Write a dashboard for Grafana and alert rules for Prometheus."`
	Licenses     licensesCommand     `cmd:"" help:"List the licenses of everything that is built into the program."`
	Version      versionCommand      `cmd:"" help:"Print version, commit and Go version."`
	OpenAPI      openAPICommand      `cmd:"" name:"openapi" hidden:"" help:"Print the OpenAPI document."`
}

// signFlag is a setting of all commands.
type signFlag struct {
	SignCommand string `placeholder:"CMD" help:"Shell command that signs instead of signing.key: it reads the text from its standard input and prints the Ed25519 signature in base64. Hand over to it with oplog key rotate."`
}

// upgradeFlag is a flag of all commands, as any may be the first to open a data directory after an upgrade. It is not for a configuration file:
// it is for one start.
type upgradeFlag struct {
	NoCopy bool `help:"Migrate a data directory of an earlier version without keeping a copy of its oplog.db, for disks without space for it. Keep a backup elsewhere."`
}

// helpVariables are the placeholders in the help texts.
func helpVariables() kong.Vars {
	return kong.Vars{
		"time_zone": oplog.DefaultTimeZone, "columns": strings.Join(oplog.ExportColumns, ", "), "ranges": strings.Join(oplog.PresetNames(), ", "), "data": "the user's default on this operating system",
		"system_config": systemConfig(runtime.GOOS, os.Getenv),
	}
}

// Run runs a command until it is done or the context ends, and returns the exit status.
func (m *Program) Run(ctx context.Context, args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	m.variables, m.config, m.fromFile = make(map[string]string), nil, make(map[string]configValue)
	helped := false
	var given commands
	parser, err := kong.New(&given,
		kong.Name("oplog"),
		kong.Description("The operation log of a business system: who did what to which object, and when.\n\nEvery flag can also be set in the environment, --data as OPLOG_DATA, and those of the server in a configuration file; see oplog config --help."),
		kong.Writers(m.Stdout, m.Stderr),
		kong.Exit(func(int) { helped = true }), // only called for --help
		kong.Resolvers(kong.ResolverFunc(m.resolve)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		helpVariables(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(m),
	)
	if err != nil {
		return m.fail(exitFailed, err)
	}
	words, err := parser.Parse(args)
	if helped {
		return exitDone
	}
	if mistake := (*configError)(nil); errors.As(err, &mistake) {
		return m.fail(exitUsage, mistake)
	}
	if err != nil {
		return m.fail(exitUsage, fmt.Errorf("%w; see oplog --help", err))
	}
	m.signCommand, m.noCopy = given.SignCommand, given.NoCopy
	status, err := m.runCommand(ctx, args, words)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
		if m.running != nil { // the process has gone, or
			err = errors.New("interrupted, because the server stops; run the command again")
		}
	}
	if err != nil {
		return m.fail(exitFailed, err)
	}
	return status
}

// fail tells the error in one line.
func (m *Program) fail(status int, err error) int {
	text := visible(strings.Join(strings.Fields(err.Error()), " "))
	text = flagName.ReplaceAllStringFunc(text, func(flag string) string {
		name := strings.TrimPrefix(flag, "--")
		if value, found := m.fromFile[name]; found {
			return visible(fmt.Sprintf("%s (%s:%d)", value.key, m.config.path, value.line))
		}
		return or(m.variables[name], flag)
	})
	switch {
	case m.saysJSON():
		m.log.Error(text)
	case m.isJournal(m.Stderr):
		fmt.Fprintln(m.Stderr, priorityError+"oplog:", text)
	default:
		fmt.Fprintln(m.Stderr, "oplog:", text)
	}
	return status
}

// flagName finds the flags in an error message. A flag that is set elsewhere than on the command line is named as it is there.
var flagName = regexp.MustCompile(`--[a-z][a-z-]*`)
