package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// raftLogger passes what Raft says on to slog, one level lower: what needs a look is said by the node itself. Of what repeats, as when a node is
// down, it passes on one a minute.
type raftLogger struct {
	hclog.Logger // discards
	log          *slog.Logger
	recent       *recentLines
	args         []any
}

// recentLines are when lines were last passed on.
type recentLines struct {
	mu sync.Mutex
	at map[string]time.Time
}

const (
	repeatAfter    = time.Minute
	maxRecentLines = 1000
)

func newRaftLogger(log *slog.Logger) hclog.Logger {
	return raftLogger{hclog.NewNullLogger(), log, &recentLines{at: make(map[string]time.Time)}, nil}
}

func (r *recentLines) isNew(line string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Sub(r.at[line]) < repeatAfter {
		return false
	}
	if len(r.at) >= maxRecentLines {
		clear(r.at)
	}
	r.at[line] = now
	return true
}

func (l raftLogger) pass(level slog.Level, message string, args []any) {
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	if level >= slog.LevelInfo && !l.recent.isNew(message+" "+fmt.Sprint(peerIn(args))) {
		return
	}
	l.log.Log(context.Background(), level, "raft: "+message, append(l.args[:len(l.args):len(l.args)], args...)...)
}

// peerIn returns which node a line is about.
func peerIn(args []any) any {
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "peer", "target", "server-id", "from":
			return args[i+1]
		}
	}
	return nil
}

// Log passes a line on.
func (l raftLogger) Log(level hclog.Level, message string, args ...any) {
	switch level {
	case hclog.Error:
		l.Error(message, args...)
	case hclog.Warn:
		l.Warn(message, args...)
	case hclog.Info:
		l.Info(message, args...)
	}
}

// Error passes an error on as a warning.
func (l raftLogger) Error(message string, args ...any) { l.pass(slog.LevelWarn, message, args) }

// Warn passes a warning on.
func (l raftLogger) Warn(message string, args ...any) { l.pass(slog.LevelInfo, message, args) }

// Info passes a message on.
func (l raftLogger) Info(message string, args ...any) { l.pass(slog.LevelDebug, message, args) }

// With returns a logger with further arguments.
func (l raftLogger) With(args ...any) hclog.Logger {
	l.args = append(l.args[:len(l.args):len(l.args)], args...)
	return l
}

// Named returns the same logger.
func (l raftLogger) Named(string) hclog.Logger { return l }

// ResetNamed returns the same logger.
func (l raftLogger) ResetNamed(string) hclog.Logger { return l }

// IsInfo reports whether Info is passed on.
func (l raftLogger) IsInfo() bool { return l.log.Enabled(context.Background(), slog.LevelDebug) }
