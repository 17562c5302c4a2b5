package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kardianos/service"
)

// isWindowsService reports whether Windows runs the program as a service. Elsewhere a service is an ordinary process that ends with SIGTERM.
func isWindowsService() bool { return runtime.GOOS == "windows" && !service.Interactive() }

// runAsService runs a command as a service of Windows, which has no terminal: messages are in its Application log.
func (m *Program) runAsService(args []string) int {
	s, err := service.New(&hosted{
		run: func(ctx context.Context, ready func()) int {
			m.ready = ready
			return m.Run(ctx, args)
		},
		failed: os.Exit,
	}, &service.Config{Name: serviceName})
	if err != nil {
		return m.fail(exitFailed, err)
	}
	if logger, err := s.SystemLogger(nil); err == nil { // without it nobody can be told
		m.Stdout, m.Stderr = io.Discard, &systemLog{logger: logger}
	}
	if err := s.Run(); err != nil {
		return m.fail(exitFailed, err)
	}
	return exitDone
}

// hosted is a command under a service manager. It implements service.Interface.
type hosted struct {
	run    func(ctx context.Context, ready func()) int // ends when ctx does
	failed func(status int)                            // ends the process, so that the manager starts it again

	end      context.CancelFunc
	ended    chan struct{}
	status   int // once it has ended
	stopping atomic.Bool
}

// Start implements service.Interface: it returns once the command serves.
func (h *hosted) Start(service.Service) error {
	ctx, cancel := context.WithCancel(context.Background())
	h.end, h.ended = cancel, make(chan struct{})
	ready := make(chan struct{})
	go func() {
		defer close(h.ended)
		h.status = h.run(ctx, sync.OnceFunc(func() { close(ready) }))
	}()
	select {
	case <-ready:
	case <-h.ended:
		return fmt.Errorf("the server ended at its start, with status %d", h.status)
	}
	go func() {
		if <-h.ended; !h.stopping.Load() {
			h.failed(max(h.status, exitFailed))
		}
	}()
	return nil
}

// Stop implements service.Interface: it ends the command as SIGTERM does, and returns once it has ended.
func (h *hosted) Stop(service.Service) error {
	h.stopping.Store(true)
	h.end()
	if <-h.ended; h.status != exitDone {
		return fmt.Errorf("the server ended with status %d", h.status)
	}
	return nil
}

// systemLog writes lines to the system's log.
type systemLog struct {
	logger service.Logger

	mu   sync.Mutex
	line []byte // an incomplete one
}

// Write implements io.Writer.
func (l *systemLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(l.line, text...)
	for {
		line, rest, found := bytes.Cut(l.line, []byte("\n"))
		if !found {
			return len(text), nil
		}
		l.line = bytes.Clone(rest)
		if err := l.log(string(line)); err != nil {
			return 0, err
		}
	}
}

func (l *systemLog) log(line string) error {
	switch {
	case strings.HasPrefix(line, "oplog: "), strings.Contains(line, "level=ERROR"), strings.Contains(line, `"level":"ERROR"`):
		return l.logger.Error(line)
	case strings.Contains(line, "level=WARN"), strings.Contains(line, `"level":"WARN"`):
		return l.logger.Warning(line)
	}
	return l.logger.Info(line)
}
