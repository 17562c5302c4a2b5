// Package faults distinguishes panics caused by damaged files from bugs of the program, and logs and counts errors that no caller sees.
package faults

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

var panics, background atomic.Uint64

// Panics returns the number of panics since the program started that were mistakes of the program.
func Panics() uint64 { return panics.Load() }

// Background returns the number of errors of background work since the program started.
func Background() uint64 { return background.Load() }

// Panic is the error of a recovered panic that is a mistake of the program, not the fault of a file.
type Panic struct {
	Value any
	Stack []byte // where it happened
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Mistake logs a recovered panic with its stack, counts it, and returns it as an error. It is called by the deferred function that recovered.
func Mistake(doing string, value any) *Panic { return LogMistake(slog.Default(), doing, value) }

// LogMistake is Mistake with a log of its own.
func LogMistake(logger *slog.Logger, doing string, value any) *Panic {
	p := &Panic{Value: value, Stack: debug.Stack()}
	panics.Add(1)
	logger.Error("a mistake of the program, please report it", "doing", doing, "panic", fmt.Sprint(value), "stack", string(p.Stack))
	return p
}

// Catch is deferred around work whose panics must not end the program: it turns one into an error.
func Catch(doing string, err *error) {
	if value := recover(); value != nil {
		*err = Mistake(doing, value)
	}
}

// Report logs and counts an error of background work, which no caller sees; nil is ignored. Panics were logged and counted already.
func Report(doing string, err error, attrs ...any) {
	var p *Panic
	if err == nil || errors.As(err, &p) {
		return
	}
	background.Add(1)
	slog.Error(doing+" failed", append([]any{"err", err}, attrs...)...)
}

// OfFile reports whether a panic was caused by the contents of a mapped file: by an access that the system could not satisfy (see
// [debug.SetPanicOnFault]), or by a check in one of the packages that read the file, named by prefixes of their import paths. It is called by
// the deferred function that recovered, or by a function that this one calls.
func OfFile(value any, readers ...string) bool {
	fault, isRuntime := value.(runtime.Error)
	if _, atAddress := value.(interface{ Addr() uintptr }); isRuntime && atAddress {
		return true
	}
	if isRuntime && strings.Contains(fault.Error(), "nil pointer") {
		return false // something that does not exist was used
	}
	origin := originOfPanic()
	for _, reader := range readers {
		if origin == reader || strings.HasPrefix(origin, reader+"/") || strings.HasPrefix(origin, reader+".") {
			return true
		}
	}
	return false
}

// originOfPanic returns the name of the function that panicked last, with the path of its package.
func originOfPanic() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return frame.Function
		}
		if !more {
			return ""
		}
	}
}
