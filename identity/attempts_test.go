package identity

import (
	"fmt"
	"testing"
	"time"
)

// TestAttemptsOfPlaces: only what is much later is stored, places are limited to the last, and those with all attempts again are dropped.
func TestAttemptsOfPlaces(t *testing.T) {
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	at := func(minutes int) PlaceLock { return PlaceLock{now, now.Add(time.Duration(minutes) * time.Minute)} }
	var a Attempts
	for i := range 2 * maxPlaces {
		a.add(Attempts{Places: map[string]PlaceLock{fmt.Sprint(i): at(1 + i)}}, now)
	}
	if _, last := a.Places[fmt.Sprint(2*maxPlaces-1)]; len(a.Places) != maxPlaces || !last {
		t.Errorf("%d places, the last of them: %t", len(a.Places), last)
	}
	a = Attempts{Places: map[string]PlaceLock{"over": at(-1), "kept": at(5)}}
	a.add(Attempts{Names: now, Places: map[string]PlaceLock{"kept": at(3), "next": at(4)}}, now)
	if len(a.Places) != 2 || a.Places["kept"] != at(5) || a.Places["next"] != at(4) || a.Names != now {
		t.Errorf("%+v", a)
	}
	for minutes, want := range map[int]bool{5: false, 6: true} {
		if later := (&Attempts{Names: now, Places: map[string]PlaceLock{"kept": at(minutes)}}).muchLater(a); later != want {
			t.Errorf("%d minutes are stored: %t", minutes, later)
		}
	}
	if a.regained(now.Add(5*time.Minute)) || !a.regained(now.Add(5*time.Minute+1)) {
		t.Error("it says too much or too little until when it counts")
	}
}
