package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Level is how serious a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // to be fixed soon
	Error   Level = "error"   // to be fixed now
)

// Finding is what a check found.
type Finding struct {
	Check  string         `json:"check" doc:"The check, such as disk."`
	Code   string         `json:"code" doc:"What it found, for programs, such as disk-low."`
	Level  Level          `json:"level" enum:"ok,warning,error" doc:"ok; warning: to be fixed soon; error: to be fixed now."`
	Fact   string         `json:"fact" doc:"The same in words."`
	Advice string         `json:"advice,omitempty" doc:"What to do; omitted if nothing is to be done."`
	Params map[string]any `json:"params,omitempty" doc:"The numbers in the words: sizes in bytes, durations in seconds, times, names."`
}

// kind is what the findings of a code have in common. A {name} in the texts stands for a parameter, {name:bytes}, {name:time} and {name:duration}
// for one of a kind.
type kind struct {
	level        Level
	fact, advice string
}

// finding returns the finding of a code, with the names and values of its parameters; those that its texts do not have are left out.
func finding(code string, params ...any) Finding {
	k := kinds[code]
	f := Finding{Code: code, Level: k.level, Params: make(map[string]any)}
	for i := 0; i+1 < len(params); i += 2 {
		name, value := params[i].(string), params[i+1]
		if !uses(k, name) {
			continue
		}
		switch v := value.(type) {
		case time.Time:
			value = v.UTC().Truncate(time.Second)
		case time.Duration:
			value = int64(v.Seconds())
		case error:
			value = v.Error()
		}
		f.Params[name] = value
	}
	f.Fact, f.Advice = fill(k.fact, f.Params), fill(k.advice, f.Params)
	return f
}

// uses reports whether the texts of a kind have a parameter.
func uses(k kind, name string) bool {
	return slices.ContainsFunc(parameter.FindAllStringSubmatch(k.fact+k.advice, -1), func(found []string) bool { return found[1] == name })
}

// parameter finds the parameters in a text.
var parameter = regexp.MustCompile(`\{(\w+)(?::(\w+))?\}`)

// fill fills in the parameters of a text.
func fill(text string, params map[string]any) string {
	return parameter.ReplaceAllStringFunc(text, func(found string) string {
		part := parameter.FindStringSubmatch(found)
		value := params[part[1]]
		switch v := value.(type) {
		case time.Time:
			return v.Local().Format(time.DateTime)
		case int64:
			if part[2] == "duration" {
				return durationText(v)
			}
		}
		if part[2] == "bytes" {
			return sizeText(value)
		}
		return fmt.Sprint(value)
	})
}

// sizeText returns a size in the units of file managers, as the console does.
func sizeText(value any) string {
	bytes, _ := strconv.ParseFloat(fmt.Sprint(value), 64) // an integer
	if bytes < 1000 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	for _, unit := range []struct {
		name   string
		factor float64
	}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}} {
		switch n := bytes / unit.factor; {
		case n < 9.95:
			return fmt.Sprintf("%.1f %s", n, unit.name)
		case n < 999.5 || unit.name == "GB":
			return fmt.Sprintf("%.0f %s", n, unit.name)
		}
	}
	return ""
}

// durationText returns a duration in its largest unit of which there are at least two.
func durationText(seconds int64) string {
	switch {
	case seconds >= 2*24*3600:
		return fmt.Sprintf("%d days", seconds/(24*3600))
	case seconds >= 2*3600:
		return fmt.Sprintf("%d h", seconds/3600)
	case seconds >= 2*60:
		return fmt.Sprintf("%d min", seconds/60)
	default:
		return fmt.Sprintf("%d s", seconds)
	}
}
