package storage

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/oplog"
)

func fullEntry() oplog.Entry {
	return oplog.Entry{
		Tenant: "acme", Seq: 7, Time: morning.Add(123456 * time.Microsecond), ReceivedAt: morning.Add(time.Second), ID: "evt-7",
		User: oplog.User{ID: "u1", Name: "王芳", Role: "运营"}, Organization: oplog.Ref{ID: "east", Name: "East"},
		Module: "sms", Operation: "send", Content: oplog.Ref{ID: "sms_7", Name: "Double 11"},
		Origin: oplog.OriginAPI, Outcome: oplog.OutcomeFailure, IP: "203.0.113.7", UserAgent: "curl/8",
		Changes: []oplog.Change{
			{Field: "title", Before: json.RawMessage(`"a"`), After: json.RawMessage(`null`)}, {Field: "new", After: json.RawMessage(`[1]`)}, {Field: "bare"},
		},
		Details: json.RawMessage(`{"n":12}`),
	}
}

// The bytes of an entry are hashed by its leaf, so they must never change.
func TestEncodingIsFixed(t *testing.T) {
	minimal := oplog.Entry{
		Tenant: "acme", Seq: 1, Time: morning, ReceivedAt: morning, User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "send",
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
	}
	minimal.ID = minimal.Key().ID()
	first := minimal
	first.Time, first.ReceivedAt, first.Seq = time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC(), math.MaxUint64
	var got strings.Builder
	for _, e := range []oplog.Entry{minimal, first, fullEntry()} {
		data, err := encodeEntry(&e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&got, hex.EncodeToString(data))
	}
	golden(t, "encoding.golden", got.String())
}

// TestKeyIsAdded: an entry without the id of a key has the bytes that it had before keys were recorded; one with it has one more item.
func TestKeyIsAdded(t *testing.T) {
	e := fullEntry()
	before, err := encodeEntry(&e)
	if err != nil {
		t.Fatal(err)
	}
	e.KeyID = "oplog_write_Ab3_-xyz"
	after, err := encodeEntry(&e)
	if err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Clone(before), 0x15, 0x74) // key 21, a text of 20 bytes
	want[0]++
	if want = append(want, e.KeyID...); !bytes.Equal(after, want) {
		t.Errorf("%x, want %x", after, want)
	}
	if got, err := decodeEntry(after); err != nil || got.KeyID != e.KeyID {
		t.Errorf("%+v, %v", got, err)
	}
	if same, err := equalContent(&e, &oplog.Entry{}); same || err != nil {
		t.Errorf("another entry is the same: %v", err)
	}
}

func drawEntry(t *rapid.T) oplog.Entry {
	text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"双十一", "é", strings.Repeat("x", 300), "🎉", "\x00", " "}))
	value := rapid.SampledFrom([]string{"", "null", "1", `"x"`, `{"a":[1,2]}`, `"` + strings.Repeat("é", 9000) + `"`})
	raw := func(name string) json.RawMessage {
		if s := value.Draw(t, name); s != "" {
			return json.RawMessage(s)
		}
		return nil
	}
	micros := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 253402300799_999999))
	e := oplog.Entry{
		Tenant: text.Draw(t, "tenant"), Seq: rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()).Draw(t, "seq"),
		Time: time.UnixMicro(micros.Draw(t, "time")).UTC(), ReceivedAt: time.UnixMicro(micros.Draw(t, "received")).UTC(),
		User:         oplog.User{ID: text.Draw(t, "user id"), Name: text.Draw(t, "user name"), Role: text.Draw(t, "role")},
		Organization: oplog.Ref{ID: text.Draw(t, "organization id"), Name: text.Draw(t, "organization name")},
		Module:       text.Draw(t, "module"), Operation: text.Draw(t, "operation"),
		Content: oplog.Ref{ID: text.Draw(t, "content id"), Name: text.Draw(t, "content name")},
		Origin:  rapid.SampledFrom([]string{oplog.OriginManual, oplog.OriginAPI}).Draw(t, "origin"),
		Outcome: rapid.SampledFrom([]string{oplog.OutcomeSuccess, oplog.OutcomeFailure}).Draw(t, "outcome"),
		IP:      text.Draw(t, "ip"), UserAgent: text.Draw(t, "user agent"), KeyID: text.Draw(t, "key"), Details: raw("details"),
	}
	e.ID = rapid.OneOf(rapid.Just(e.Key().ID()), rapid.StringMatching(`[A-Za-z0-9._:-]{1,64}`)).Draw(t, "id")
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		e.Changes = append(e.Changes, oplog.Change{Field: text.Draw(t, "field"), Before: raw("before"), After: raw("after")})
	}
	return e
}

func TestCodecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		data, err := encodeEntry(&e)
		if err != nil {
			t.Fatal(err)
		}
		r := recordOf(&e)
		again, err := encoding.Marshal(&r)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("the library encodes %x, %v, want %x", again, err, data)
		}
		back, err := decodeEntry(data)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%v\n got %+v\nwant %+v", err, back, e)
		}
		clear(data) // decoded entries must not alias data
		if !reflect.DeepEqual(back, e) {
			t.Fatalf("it changed with the bytes to %+v", back)
		}
	})
}

func TestDecodeRejects(t *testing.T) {
	e := fullEntry()
	data, err := encodeEntry(&e)
	if err != nil {
		t.Fatal(err)
	}
	f := func(t *testing.T, name string, data []byte) {
		t.Helper()
		if e, err := decodeEntry(data); err == nil {
			t.Errorf("%s is taken for %+v", name, e)
		}
	}
	for n := range data {
		f(t, fmt.Sprintf("the first %d bytes", n), data[:n])
	}
	f(t, "more than an entry", append(bytes.Clone(data), 0))
	f(t, "a list", []byte{0x80})
	f(t, "a field of a later version", []byte{0xa1, 0x18, 0x63, 0x01}) // {99: 1}
	f(t, "text where a number belongs", []byte{0xa1, 0x02, 0x61, 0x78})
}

func FuzzDecode(f *testing.F) {
	e := fullEntry()
	data, err := encodeEntry(&e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeEntry(data)
		if err != nil {
			return
		}
		again, err := encodeEntry(&e)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeEntry(again); err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%+v comes back as %+v, %v", e, back, err)
		}
	})
}
