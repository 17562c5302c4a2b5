package oplog

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawKey draws keys that often share a time or a seq.
func drawKey(t *rapid.T) (time.Time, uint64, Key) {
	micros := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, math.MaxInt64)).Draw(t, "micros")
	seq := rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64()).Draw(t, "seq")
	at := time.UnixMicro(micros)
	return at, seq, MakeKey(at, seq)
}

func TestKeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, seq, k := drawKey(t)
		if !k.Time().Equal(at) || k.Time().Location() != time.UTC || k.Seq() != seq || k.Micros() != at.UnixMicro() {
			t.Fatalf("%s %d gives %s %d", at, seq, k.Time(), k.Seq())
		}
		id := k.ID()
		if back, ok := KeyOfID(id); !ok || back != k {
			t.Fatalf("id %s gives %x, %v, want %x", id, back, ok, k)
		}
		if e := (Entry{ID: id, Time: at, Seq: seq, User: User{ID: "u", Name: "u"}, Module: "sms", Operation: "send"}); e.Key() != k {
			t.Fatalf("the entry's key is %x, want %x", e.Key(), k)
		}
		v := Validation{}
		if v.id(id); len(v.Errors) > 0 || len(id) != 26 {
			t.Fatalf("id %s is not one that senders may use", id)
		}
	})
}

func TestKeysSortByTimeThenArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, aSeq, a := drawKey(t)
		bt, bSeq, b := drawKey(t)
		want := cmp.Or(at.Compare(bt), cmp.Compare(aSeq, bSeq))
		if got := a.Compare(b); got != want {
			t.Fatalf("%s %d against %s %d: %d, want %d", at, aSeq, bt, bSeq, got, want)
		}
		if got := strings.Compare(a.ID(), b.ID()); got != want {
			t.Fatalf("ids %s and %s sort %d, want %d", a.ID(), b.ID(), got, want)
		}
	})
}

func TestKeyPrecisionIsMicroseconds(t *testing.T) {
	at := time.Date(2026, 11, 20, 8, 42, 0, 123_456_789, time.FixedZone("", 8*3600))
	if got, want := MakeKey(at, 1).Time(), time.Date(2026, 11, 20, 0, 42, 0, 123_456_000, time.UTC); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !(Key{}).IsZero() || MakeKey(time.Unix(0, 0), 1).IsZero() {
		t.Error("only the key of no entry is zero")
	}
}

func TestKeyOfIDRefuses(t *testing.T) {
	f := func(t *testing.T, id string, want bool) {
		t.Helper()
		if _, ok := KeyOfID(id); ok != want {
			t.Errorf("%q is a log-given id: %v, want %v", id, ok, want)
		}
	}
	id := MakeKey(validationTime, 7).ID()
	f(t, id, true)
	f(t, "", false)
	f(t, id[:25], false)
	f(t, id+"0", false)
	f(t, strings.ToLower(id), false)
	f(t, id[:25]+"1", false) // bits beyond the key
	f(t, id[:25]+"I", false) // invalid digit
	f(t, id[:24]+"\r\n", false)
	f(t, id[:25]+"é", false)
	f(t, strings.Repeat("-", 26), false)
	f(t, strings.Repeat("0", 26), true)
	f(t, strings.Repeat("Z", 25)+"W", true)
	f(t, strings.Repeat("Z", 26), false)
}

func FuzzKeyOfID(f *testing.F) {
	f.Add(MakeKey(validationTime, 7).ID())
	f.Add("01ARZ3NDEKTSV4RRFFQ69G5FAV")
	f.Fuzz(func(t *testing.T, id string) {
		if k, ok := KeyOfID(id); ok && k.ID() != id {
			t.Errorf("%q stands for the key of %q", id, k.ID())
		}
	})
}
