package oplog

import (
	"reflect"
	"testing"
	"time"
)

// TestJoinDays: days are joined over days without entries, but not over days that a hold may cover.
func TestJoinDays(t *testing.T) {
	hold := func(from, to string) Hold { return Hold{dates: Days{from, to}} }
	lifted := hold("2026-01-01", "")
	lifted.LiftedAt = time.Unix(1, 0)
	days := []Days{{"2026-03-01", "2026-03-02"}, {"2026-01-01", "2026-01-10"}, {"2026-01-05", "2026-01-20"}}
	whole := []Days{{"2026-01-01", "2026-03-02"}}
	split := []Days{{"2026-01-01", "2026-01-20"}, {"2026-03-01", "2026-03-02"}}
	for _, c := range []struct {
		holds []Hold
		want  []Days
	}{
		{nil, whole}, {[]Hold{lifted}, whole}, {[]Hold{hold("2026-02-01", "2026-02-01")}, split}, {[]Hold{hold("2026-01-15", "2026-02-01")}, split},
		{[]Hold{hold("", "")}, split}, {[]Hold{hold("2026-03-01", "")}, whole}, {[]Hold{hold("", "2026-01-20")}, whole},
	} {
		state := TenantState{Holds: c.holds}
		if got := state.JoinDays(days); !reflect.DeepEqual(got, c.want) {
			t.Errorf("with %v: %v, want %v", c.holds, got, c.want)
		}
	}
}
