package formats

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"oplog/oplog"
)

// clocks parses the times of a file, which are in a location if they specify no zone.
type clocks struct{ location *time.Location }

// operationTime parses the operation time of a row, which may have it exactly in another cell: that of the exact time. The two must agree as
// far as the first goes.
func (c clocks) operationTime(cell, exact, id string) (time.Time, error) {
	if exact == "" {
		return c.time(cell, id)
	}
	t, err := time.Parse(time.RFC3339, exact)
	if err != nil {
		return t, lineError(fmt.Sprintf("exact time %s is not like 2006-01-02T15:04:05.123456Z", quotedText(exact)))
	}
	t = t.UTC()
	if cell == "" {
		return t, nil
	}
	w, err := parseTime(cell)
	if err == nil && !c.agree(t, w) {
		err = lineError(fmt.Sprintf("time %s and exact time %s differ; delete the wrong one", quotedText(cell), quotedText(exact)))
	}
	return t, err
}

// time parses the operation time. Exports have seconds, which a spreadsheet may drop when saving; a generated id supplies the rest, and
// also tells repeated local times apart.
func (c clocks) time(cell, id string) (time.Time, error) {
	if cell == "" {
		return time.Time{}, nil
	}
	w, err := parseTime(cell)
	if err != nil || w.zoned {
		return w.at, err
	}
	if key, given := oplog.KeyOfID(id); given && w.unit > 0 && c.agree(key.Time(), w) {
		return key.Time(), nil
	}
	t, ok := instant(w.at, c.location)
	if !ok {
		return t, lineError(fmt.Sprintf("time %s was skipped by a clock change in %s; write it with its offset, like 2006-01-02T15:04:05+01:00", quotedText(cell), c.location))
	}
	return t.UTC(), nil
}

// writtenTime is a time as a cell has it: an instant if it has a zone, otherwise a local time.
type writtenTime struct {
	at    time.Time     // a local time is in UTC
	unit  time.Duration // the precision; 0 if there is a fraction of a second
	zoned bool
}

func parseTime(cell string) (w writtenTime, err error) {
	var ok bool
	if w.at, w.unit, ok = exportedTime(cell); ok {
		return w, nil
	}
	for _, layout := range zoned {
		if t, err := time.Parse(layout, cell); err == nil {
			return writtenTime{at: t.UTC(), zoned: true}, nil
		}
	}
	w.at, w.unit, err = wallTime(cell)
	return w, err
}

// agree reports whether an instant is the one of a cell, to its precision.
func (c clocks) agree(t time.Time, w writtenTime) bool {
	if w.zoned {
		return t.Equal(w.at) || t.Truncate(time.Second).Equal(w.at)
	}
	return sameWall(t.In(c.location), w.at, w.unit)
}

// zoned are the layouts with a zone.
var zoned = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 Z07:00",
}

// sameWall reports whether two local times are equal to the precision of a unit.
func sameWall(shown, wall time.Time, unit time.Duration) bool {
	y, m, d := shown.Date()
	shown = time.Date(y, m, d, shown.Hour(), shown.Minute(), shown.Second(), shown.Nanosecond(), time.UTC)
	return shown.Truncate(unit).Equal(wall)
}

var (
	yearFirst = regexp.MustCompile(`^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:(?:T| *)(\d.*|[上下]午.*|[AaPp][Mm].*))?$`)
	dayFirst  = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? +(\d.*))?$`)
	slashed   = regexp.MustCompile(`^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}(\D.*)?$`)
	ofDay     = regexp.MustCompile(`^([上下]午|[AaPp][Mm])? *(\d{1,2})(?:[:时]|点)(\d{1,2})分?(?::?(\d{1,2})([.,]\d{1,9})?秒?)?(?: *([AaPp][Mm]))?$`)
)

// exportedTime parses a local time as exports write it, optionally with a fraction of a second, and returns its precision.
func exportedTime(cell string) (wall time.Time, exact time.Duration, ok bool) {
	t, err := time.Parse(time.DateTime, cell)
	if err != nil {
		return t, 0, false
	}
	if t.Nanosecond() > 0 {
		return t, 0, true
	}
	return t, time.Second, true
}

// wallTime parses a local time as spreadsheets and people write it, if it is unambiguous, and returns its precision.
func wallTime(cell string) (wall time.Time, exact time.Duration, err error) {
	cell = strings.TrimSpace(cell)
	var year, month, day, rest string
	if m := yearFirst.FindStringSubmatch(cell); m != nil {
		year, month, day, rest = m[1], m[2], m[3], m[4]
	} else if m := dayFirst.FindStringSubmatch(cell); m != nil {
		day, month, year, rest = m[1], m[2], m[3], m[4]
	} else if slashed.MatchString(cell) {
		return wall, 0, lineError(fmt.Sprintf("time %s is ambiguous about day and month; write the year first, like 2006-01-02 15:04:05", quotedText(cell)))
	} else {
		return wall, 0, noTime(cell)
	}
	date, err := time.Parse("2006-1-2", year+"-"+month+"-"+day)
	if err != nil {
		return wall, 0, noTime(cell)
	}
	since, exact, ok := timeOfDay(rest)
	if !ok {
		return wall, 0, noTime(cell)
	}
	return date.Add(since), exact, nil
}

func noTime(cell string) error {
	return lineError(fmt.Sprintf("time %s is neither like 2006-01-02 15:04:05 nor like 2006-01-02T15:04:05Z", quotedText(cell)))
}

// timeOfDay parses a time of day; an empty text is midnight.
func timeOfDay(text string) (since, exact time.Duration, ok bool) {
	if text == "" {
		return 0, 24 * time.Hour, true
	}
	m := ofDay.FindStringSubmatch(text)
	if m == nil || m[1] != "" && m[6] != "" {
		return 0, 0, false
	}
	number := func(digits string) int {
		n, _ := strconv.Atoi(digits) // only digits, or empty
		return n
	}
	hour, minute, second := number(m[2]), number(m[3]), number(m[4])
	if half := strings.ToUpper(m[1] + m[6]); half != "" {
		after := half == "PM" || half == "下午"
		switch {
		case hour == 0 || hour > 12:
			return 0, 0, false
		case after && hour < 12:
			hour += 12
		case !after && hour == 12:
			hour = 0
		}
	}
	if hour > 23 || minute > 59 || second > 59 {
		return 0, 0, false
	}
	exact = time.Minute
	if m[4] != "" {
		exact = time.Second
	}
	fraction := time.Duration(0)
	if m[5] != "" {
		fraction, exact = time.Duration(number((m[5][1:] + "00000000")[:9])), 0
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + fraction, exact, true
}

// instant returns the instant of a local time, and false if a clock change skipped it. Repeated local times mean their first occurrence.
func instant(wall time.Time, loc *time.Location) (time.Time, bool) {
	y, m, d := wall.Date()
	t := time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		_, before := start.Add(-1).Zone()
		_, now := t.Zone()
		if first := t.Add(time.Duration(now-before) * time.Second); first.Before(t) && first.Before(start) {
			t = first
		}
	}
	return t, t.Format(time.DateTime) == wall.Format(time.DateTime)
}
