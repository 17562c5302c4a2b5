package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far something long is: a bar for a person, for a file a
// line when it begins and one when it has ended.
type progress struct {
	bar  *progressbar.ProgressBar
	done func()
}

// progress shows something that takes so many entries.
func (m *Program) progress(doing string, total int) progress {
	return m.progressOf(fmt.Sprintf("%s %d entries", doing, total), doing, int64(total), progressbar.OptionShowCount())
}

// progressBytes shows something that reads a file of that size, -1 where it is
// not known.
func (m *Program) progressBytes(doing string, size int64) progress {
	return m.progressOf(doing, doing, size, progressbar.OptionShowBytes(true))
}

// barBytes is progressBytes for a person; a file is told nothing.
func (m *Program) barBytes(doing string, size int64) progress {
	return m.progressOf("", doing, size, progressbar.OptionShowBytes(true))
}

func (m *Program) progressOf(line, bar string, total int64, shown progressbar.Option) progress {
	line, bar = visible(line), visible(bar)
	if _, person := terminal(m.Stderr); person {
		bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(m.Stderr), progressbar.OptionSetDescription(bar),
			shown, progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(60*time.Millisecond), progressbar.OptionClearOnFinish())
		return progress{bar, func() { _ = bar.Finish() }}
	}
	if line == "" {
		return progress{nil, func() {}}
	}
	began := m.Now()
	fmt.Fprintf(m.Stderr, "%s …\n", line)
	return progress{nil, func() {
		fmt.Fprintf(m.Stderr, "%s took %.1f s\n", line, m.Now().Sub(began).Seconds())
	}}
}

func (p progress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

// print writes a line where the bar stands, which goes on below it.
func (p progress) print(w io.Writer, line string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(w, visible(line))
}

func (p progress) end() { p.done() }
