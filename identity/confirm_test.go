package identity

import (
	"testing"
	"time"
)

// TestConfirmed: a confirmation counts for five minutes, on nodes whose clocks differ, too, and not for a session that continues another.
func TestConfirmed(t *testing.T) {
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	s := Session{Username: "anna", ConfirmedAt: at, Viewing: &Viewing{Username: "bert"}}
	for after, want := range map[time.Duration]bool{0: true, 4 * time.Minute: true, 5 * time.Minute: false, time.Hour: false, -time.Minute: true, -time.Hour: false} {
		if until, ok := s.Confirmed(at.Add(after)); ok != want || !until.Equal(at.Add(5*time.Minute)) {
			t.Errorf("after %s: %v until %s", after, ok, until)
		}
	}
	if _, ok := (&Session{}).Confirmed(time.Time{}); ok {
		t.Error("nothing was confirmed")
	}
	next := s.continued(Account{Username: "anna"})
	if _, ok := next.Confirmed(at); ok || next.Viewing != nil {
		t.Errorf("%+v goes on", next)
	}
}
