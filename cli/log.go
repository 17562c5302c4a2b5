package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oplog/rotate"
)

// loggingFlags are the settings of the program's own log, which slog writes.
type loggingFlags struct {
	Format  string `default:"text" placeholder:"FORMAT" help:"Form of the server's own log: text or json, one object a line (${default})."`
	Level   string `default:"info" placeholder:"LEVEL" help:"The least important entries that are logged: debug, which has every request that is served, info, warn or error (${default})."`
	File    string `placeholder:"FILE" help:"File for that log instead of standard error, in a directory that exists. Once it is large it becomes FILE.1, the one before FILE.2 and so on."`
	MaxSize string `default:"100MiB" placeholder:"SIZE" help:"Size from which the file is rotated (${default})."`
	Keep    int    `default:"7" placeholder:"N" help:"Number of rotated files to keep (${default})."`
}

// logFormats and logLevels are the values of --log-format and --log-level.
var (
	logFormats = []string{"text", "json"}
	logLevels  = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
)

// The bounds of the settings.
const (
	minLogSize = 1 << 20
	maxLogKeep = 1000
)

// check checks the flags before anything is opened.
func (f *loggingFlags) check() error {
	if !slices.Contains(logFormats, f.Format) {
		return fmt.Errorf("--log-format %s is neither text nor json", f.Format)
	}
	if _, ok := logLevels[f.Level]; !ok {
		return fmt.Errorf("--log-level %s is not one of debug, info, warn and error", f.Level)
	}
	if f.Keep < 1 || f.Keep > maxLogKeep {
		return fmt.Errorf("--log-keep %d is not between 1 and %d", f.Keep, maxLogKeep)
	}
	_, err := parseSize("log-max-size", f.MaxSize, minLogSize)
	return err
}

// apartFrom refuses a log file in a data directory, where the first start would take it for another program's.
func (f *loggingFlags) apartFrom(data string) error {
	if f.File == "" || data == "" {
		return nil
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(f.File)
	if err != nil {
		return err
	}
	info, _ := os.Stat(data)
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		at, _ := os.Stat(dir)
		if dir == data || info != nil && at != nil && os.SameFile(at, info) {
			return fmt.Errorf("--log-file %s is in the data directory, which is for the log's data alone; specify a file in another directory", f.File)
		}
		if filepath.Dir(dir) == dir {
			return nil
		}
	}
}

// programLog is the log of a serving command.
type programLog struct {
	*slog.Logger
	file *rotate.File // nil for standard error
	json bool
	kept bool // or read by a program, rather than by somebody at a terminal, who sees anyway when the server starts
}

// logger returns the program's log: that of the serving command, or one as text on standard error.
func (m *Program) logger() *slog.Logger {
	if m.log == nil {
		return slog.New(m.handler(m.Stderr, loggingFlags{}))
	}
	return m.log.Logger
}

// beginLog makes the log that the flags describe that of the program, background work and libraries included. end must be called with the
// command's error, which it returns; a log in a file then has it, too.
func (m *Program) beginLog(f loggingFlags) (end func(error) error, err error) {
	l := &programLog{json: f.Format == "json"}
	l.kept = l.json || f.File != "" || m.isJournal(m.Stderr)
	to := m.Stderr
	if f.File != "" {
		size, err := parseSize("log-max-size", f.MaxSize, minLogSize)
		if err != nil {
			return nil, err
		}
		l.file, err = rotate.Open(f.File, rotate.Options{Size: size, Keep: f.Keep}, m.Stderr)
		if errors.Is(err, rotate.ErrDirectory) {
			return nil, fmt.Errorf("--log-file %s: %w", f.File, err)
		}
		if err != nil {
			return nil, fmt.Errorf("--log-file: %w; specify a file that can be written, in a directory that exists", err)
		}
		to = l.file
	}
	l.Logger = slog.New(m.handler(to, f))
	m.log = l
	slog.SetDefault(l.Logger)
	return func(err error) error {
		if l.file == nil {
			return err
		}
		if err != nil {
			l.Error("the program ends", "err", err)
		}
		return errors.Join(err, l.file.Close())
	}, nil
}

// handler returns what writes entries of the log to w. If that is the journal of systemd, they have priorities, and text has no time, which the
// journal notes.
func (m *Program) handler(w io.Writer, f loggingFlags) slog.Handler {
	journal := m.isJournal(w)
	o := &slog.HandlerOptions{Level: logLevels[f.Level], ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case journal && f.Format != "json" && len(groups) == 0 && a.Key == slog.TimeKey:
			return slog.Attr{}
		case a.Value.Kind() == slog.KindDuration:
			return slog.String(a.Key, a.Value.Duration().Round(time.Microsecond).String())
		}
		return a
	}}
	to := func(w io.Writer) slog.Handler {
		if f.Format == "json" {
			return slog.NewJSONHandler(w, o)
		}
		return slog.NewTextHandler(w, o)
	}
	if journal {
		return newPrioritized(w, to)
	}
	return to(w)
}

// say tells people something at the start: on standard error, or in the log if that is there in JSON, so that each line stays JSON. It is logged
// whatever the least level is.
func (m *Program) say(level slog.Level, text string) {
	if m.saysJSON() {
		_ = m.log.Handler().Handle(context.Background(), slog.NewRecord(time.Now(), level, strings.TrimSpace(text), 0)) // as slog does
		return
	}
	fmt.Fprint(m.Stderr, text)
}

// saysJSON reports whether standard error holds a log in JSON.
func (m *Program) saysJSON() bool { return m.log != nil && m.log.json && m.log.file == nil }

// isKept reports whether the log is kept.
func (m *Program) isKept() bool { return m.log != nil && m.log.kept }

// isJournal reports whether a writer leads to the journal of systemd.
func (m *Program) isJournal(w io.Writer) bool { return isStream(w, m.Getenv("JOURNAL_STREAM")) }

// The priorities of lines in the journal; see sd-daemon(3).
const (
	priorityError   = "<3>"
	priorityWarning = "<4>"
	priorityInfo    = "<6>"
	priorityDebug   = "<7>"
)

// prioritized is a handler that writes the priority of each entry before it, as the journal of systemd takes it from standard error.
type prioritized struct{ debug, info, warn, err slog.Handler }

func newPrioritized(w io.Writer, handler func(io.Writer) slog.Handler) prioritized {
	at := func(priority string) slog.Handler { return handler(prefixed{w, priority}) }
	return prioritized{at(priorityDebug), at(priorityInfo), at(priorityWarning), at(priorityError)}
}

// of returns the handler of a level.
func (p prioritized) of(level slog.Level) slog.Handler {
	switch {
	case level >= slog.LevelError:
		return p.err
	case level >= slog.LevelWarn:
		return p.warn
	case level >= slog.LevelInfo:
		return p.info
	}
	return p.debug
}

// Enabled implements slog.Handler.
func (p prioritized) Enabled(ctx context.Context, level slog.Level) bool {
	return p.of(level).Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (p prioritized) Handle(ctx context.Context, r slog.Record) error {
	return p.of(r.Level).Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (p prioritized) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prioritized{p.debug.WithAttrs(attrs), p.info.WithAttrs(attrs), p.warn.WithAttrs(attrs), p.err.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (p prioritized) WithGroup(name string) slog.Handler {
	return prioritized{p.debug.WithGroup(name), p.info.WithGroup(name), p.warn.WithGroup(name), p.err.WithGroup(name)}
}

// prefixed writes a text before each line that a handler writes, in one call.
type prefixed struct {
	io.Writer
	prefix string
}

// Write implements io.Writer.
func (p prefixed) Write(line []byte) (int, error) {
	if _, err := p.Writer.Write(append([]byte(p.prefix), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}
