package cluster

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func openTestLogs(t *testing.T, folder string) *logStore {
	t.Helper()
	s, err := openLogStore(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testLogs(from, to uint64) (logs []*raft.Log) {
	for i := from; i <= to; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: i / 10, Type: raft.LogType(i % 2), Data: bytes.Repeat([]byte{byte(i)}, int(i)), Extensions: []byte("ext")})
	}
	return logs
}

// TestLogStoreKeepsRecords: what was stored is read back, from memory and from disk; deleted ranges are gone.
func TestLogStoreKeepsRecords(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	check := func(first, last uint64) {
		t.Helper()
		f, err := s.FirstIndex()
		l, lastErr := s.LastIndex()
		if f != first || l != last || err != nil || lastErr != nil {
			t.Errorf("from %d to %d, %v, %v, want from %d to %d", f, l, err, lastErr, first, last)
		}
		for i := first; i <= last && i > 0; i++ {
			var got raft.Log
			want := testLogs(i, i)[0]
			if err := s.GetLog(i, &got); err != nil || got.Term != want.Term || got.Type != want.Type || !bytes.Equal(got.Data, want.Data) || string(got.Extensions) != "ext" {
				t.Errorf("record %d: %+v, %v", i, got, err)
			}
		}
		var l2 raft.Log
		for _, i := range []uint64{first - 1, last + 1} {
			if err := s.GetLog(i, &l2); !errors.Is(err, raft.ErrLogNotFound) {
				t.Errorf("record %d: %v", i, err)
			}
		}
	}
	check(0, 0)
	if err := s.StoreLogs(testLogs(5, 40)); err != nil {
		t.Fatal(err)
	}
	check(5, 40)
	if err := errors.Join(s.DeleteRange(5, 9), s.DeleteRange(31, 40)); err != nil {
		t.Fatal(err)
	}
	check(10, 30)
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	s = openTestLogs(t, folder)
	check(10, 30)
	if err := s.StoreLog(testLogs(31, 31)[0]); err != nil {
		t.Fatal(err)
	}
	check(10, 31)
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}

// TestStableStore: numbers and values are kept; what is missing has the error that Raft looks for.
func TestStableStore(t *testing.T) {
	s := openTestLogs(t, t.TempDir())
	if _, err := s.GetUint64([]byte("x")); err == nil || err.Error() != "not found" {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(s.SetUint64([]byte("x"), 7), s.Set([]byte("y"), []byte("value"))); err != nil {
		t.Fatal(err)
	}
	n, err := s.GetUint64([]byte("x"))
	value, valueErr := s.Get([]byte("y"))
	if n != 7 || string(value) != "value" || err != nil || valueErr != nil {
		t.Errorf("%d, %s, %v, %v", n, value, err, valueErr)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}

// flip changes a byte of a file after the only place that has a text.
func flip(t *testing.T, path, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte(text))
	if at < 0 {
		t.Fatalf("%s does not contain %s", path, text)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // never shorter: it may be mapped
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for ; at >= 0 && at < len(data); at = indexAfter(data, at, text) {
		if _, err := f.WriteAt([]byte{data[at] ^ 1}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

func indexAfter(data []byte, at int, text string) int {
	next := bytes.Index(data[at+1:], []byte(text))
	if next < 0 {
		return -1
	}
	return at + 1 + next
}

// TestDamagedRecordIsNotFound: a byte of a record is flipped on disk; the record is not found, and the damage is told.
func TestDamagedRecordIsNotFound(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	logs := testLogs(1, 9)
	logs[4].Data = []byte("the text that is flipped")
	if err := errors.Join(s.StoreLogs(logs), s.close()); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(folder, logFile), "the text that is flipped")
	s = openTestLogs(t, folder)
	var told []uint64
	s.damaged = func(index uint64) { told = append(told, index) }
	for i := uint64(1); i <= 9; i++ {
		var l raft.Log
		if err := s.GetLog(i, &l); (i == 5) != errors.Is(err, raft.ErrLogNotFound) {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if len(told) != 1 || told[0] != 5 || s.firstBad(1, 9) != 5 || s.firstBad(6, 9) != 0 {
		t.Errorf("told %v, first bad %d", told, s.firstBad(1, 9))
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}

// TestAwaitStored: what a leader says to be committed is waited for until it is in the log here.
func TestAwaitStored(t *testing.T) {
	s := openTestLogs(t, t.TempDir())
	t.Cleanup(func() { _ = s.close() })
	store(t, s, 1, 3)
	if !s.awaitStored(t.Context(), 3) {
		t.Error("record 3 is not there")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if s.awaitStored(ctx, 5) {
		t.Error("record 5 is there")
	}
	arrived := make(chan bool)
	go func() { arrived <- s.awaitStored(context.WithoutCancel(ctx), 5) }()
	store(t, s, 4, 5)
	if !<-arrived {
		t.Error("record 5 did not come")
	}
	go func() { arrived <- s.awaitStored(context.WithoutCancel(ctx), 9) }()
	s.stop()
	if <-arrived {
		t.Error("record 9 is there")
	}
}
