// Package cli is the command line of oplog: one file a command, each of which
// opens what it needs, does one thing and closes it.
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
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // for machines that have no zones of their own, where a tenant's days would be those of UTC

	"github.com/alecthomas/kong"

	"oplog/oplog"
)

// Main runs the program by the words of its command line, until it is done or
// told to stop, and returns its exit status. The version is that of the
// release, "" where none was built.
func Main(version string, console fs.FS) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	p := &Program{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		Console: console, Version: version,
	}
	return p.Run(ctx, os.Args[1:])
}

// Program is the program, with all that it takes from its surroundings.
type Program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
	Console        fs.FS  // the built console
	Version        string // of the release, "" where none was built

	variables map[string]string // by flag: the environment variable that set it
}

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // one line on stderr says why
	exitWords  = 2 // the command line itself is off
)

// commands are the words that the program understands. A command's fields are
// its flags, and each flag reads the environment too: --data is OPLOG_DATA.
type commands struct {
	Serve        serveCommand        `cmd:"" default:"withargs" help:"Serve the API and the console; what oplog does without a command."`
	Demo         demoCommand         `cmd:"" set:"data=one that is thrown away at the end" help:"Serve a made-up company with a log full of entries."`
	Tenant       tenantCommand       `cmd:"" help:"Add, list and change tenants."`
	Account      accountCommand      `cmd:"" help:"Add, list and change the accounts of people."`
	Key          keyCommand          `cmd:"" help:"Add, list and revoke the API keys of programs."`
	Import       importCommand       `cmd:"" help:"Record the operations of files."`
	Reindex      reindexCommand      `cmd:"" help:"Rebuild the search index from the stored entries."`
	Verify       verifyCommand       `cmd:"" help:"Recompute the proof over every entry, and compare with a checkpoint kept elsewhere."`
	Export       exportCommand       `cmd:"" help:"Write the operations of a period to a file."`
	VerifyExport verifyExportCommand `cmd:"" help:"Check an export against its signed manifest, with no server and no data directory."`
	VerifyProof  verifyProofCommand  `cmd:"" help:"Check the copied proof of an entry, with no server and no data directory."`
	Backup       backupCommand       `cmd:"" help:"Copy the whole log into one file, while no server has it."`
	Restore      restoreCommand      `cmd:"" help:"Make a data directory of a backup."`
	Version      versionCommand      `cmd:"" help:"Print version, commit and Go version."`
	OpenAPI      openAPICommand      `cmd:"" name:"openapi" hidden:"" help:"Print the description of the API."`
}

// Run does what args say, until it is done or the context ends, and returns
// the exit status.
func (m *Program) Run(ctx context.Context, args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	m.variables = make(map[string]string)
	helped := false
	parser, err := kong.New(&commands{},
		kong.Name("oplog"),
		kong.Description("The operation log of a business system: who did what, to which thing, when.\n\nEvery flag can also be set in the environment: --data as OPLOG_DATA."),
		kong.Writers(m.Stdout, m.Stderr),
		kong.Exit(func(int) { helped = true }), // asked to by --help alone
		kong.Resolvers(m.environment()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"time_zone": oplog.DefaultTimeZone, "columns": strings.Join(oplog.ExportColumns, ", "), "data": "the user's for this operating system"},
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
	if err != nil {
		return m.fail(exitWords, fmt.Errorf("%w; see oplog --help", err))
	}
	err = words.Run()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("stopped before it was done")
	}
	if err != nil {
		return m.fail(exitFailed, err)
	}
	return exitDone
}

// fail tells why in one line.
func (m *Program) fail(status int, err error) int {
	text := visible(strings.Join(strings.Fields(err.Error()), " "))
	fmt.Fprintln(m.Stderr, "oplog:", flagName.ReplaceAllStringFunc(text, func(flag string) string {
		if variable := m.variables[strings.TrimPrefix(flag, "--")]; variable != "" {
			return variable
		}
		return flag
	}))
	return status
}

// flagName finds the flags that an error names. One that the environment has
// set is named by its variable.
var flagName = regexp.MustCompile(`--[a-z][a-z-]*`)

// environment resolves flags that are not on the command line.
func (m *Program) environment() kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if flag.Name == "help" {
			return nil, nil
		}
		name := "OPLOG_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if value := m.Getenv(name); value != "" {
			m.variables[flag.Name] = name
			return value, nil
		}
		return nil, nil
	})
}
