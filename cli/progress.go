package cli

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows progress: a bar on a terminal; elsewhere one line at the start and one at the end.
type progress struct {
	bar  *progressbar.ProgressBar
	done func()
}

// progress shows progress in entries.
func (m *Program) progress(doing string, total int) progress {
	return m.progressOf(fmt.Sprintf("%s %d entries", doing, total), doing, int64(total), progressbar.OptionShowCount())
}

// progressBytes shows progress through a file of the given size, -1 if unknown.
func (m *Program) progressBytes(doing string, size int64) progress {
	return m.progressOf(doing, doing, size, progressbar.OptionShowBytes(true))
}

// barBytes is progressBytes for terminals only.
func (m *Program) barBytes(doing string, size int64) progress {
	return m.progressOf("", doing, size, progressbar.OptionShowBytes(true))
}

func (m *Program) progressOf(line, bar string, total int64, shown progressbar.Option) progress {
	line, bar = visible(line), visible(bar)
	if isTerminal(m.Stderr) {
		bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(m.Stderr), progressbar.OptionSetDescription(bar),
			shown, progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(60*time.Millisecond), progressbar.OptionClearOnFinish())
		return progress{bar, func() { _ = bar.Finish() }}
	}
	if line == "" {
		return progress{nil, func() {}}
	}
	began := m.Now()
	m.say(slog.LevelInfo, line+" …\n")
	return progress{nil, func() {
		m.say(slog.LevelInfo, fmt.Sprintf("%s took %.1f s\n", line, m.Now().Sub(began).Seconds()))
	}}
}

func (p progress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

// print prints a line above the bar.
func (p progress) print(w io.Writer, line string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(w, visible(line))
}

func (p progress) end() { p.done() }
