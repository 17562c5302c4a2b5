package faults_test

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"oplog/faults"
)

// recovered runs something that panics, and reports whether its file is to blame.
func recovered(do func(), readers ...string) (ofFile bool) {
	defer func() { ofFile = faults.OfFile(recover(), readers...) }()
	do()
	return false
}

// TestOfFile: the file is to blame for faults of its mapping and for what its readers find; what calls them is not the file.
func TestOfFile(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var nothing *[10]int
	index := 7
	for name, c := range map[string]struct {
		do   func()
		want bool
	}{
		"a fault at an address":         {fault, true},
		"a check of a reader":           {func() { binary.BigEndian.Uint64([]byte{1}) }, true},
		"nil in a reader":               {func() { _, _ = io.ReadFull(nil, make([]byte, 1)) }, false},
		"our panic":                     {func() { panic("assertion failed") }, false},
		"our index":                     {func() { _ = []int{1}[index] }, false},
		"our nil":                       {func() { nothing[3] = 1 }, false},
		"an error of a reader, by ours": {func() { panic(os.ErrNotExist) }, false},
	} {
		if got := recovered(c.do, "encoding/binary", "io"); got != c.want {
			t.Errorf("%s: of the file %v", name, got)
		}
	}
}

var sink byte

// fault reads where nothing is mapped.
func fault() {
	address := uintptr(1) << 40
	sink = **(**byte)(unsafe.Pointer(&address))
}

// TestCatch: a panic is an error with its stack, and is counted once.
func TestCatch(t *testing.T) {
	panics, failures := faults.Panics(), faults.Background()
	failing := func() (err error) {
		defer faults.Catch("a test", &err)
		panic(os.ErrClosed)
	}
	err := failing()
	var p *faults.Panic
	if !errors.As(err, &p) || errors.Is(err, os.ErrClosed) || !strings.Contains(string(p.Stack), "TestCatch") {
		t.Errorf("caught %v", err)
	}
	faults.Report("a test", err)
	faults.Report("a test", nil)
	if faults.Panics() != panics+1 || faults.Background() != failures {
		t.Errorf("%d panics, %d errors", faults.Panics()-panics, faults.Background()-failures)
	}
	faults.Report("a test", io.ErrUnexpectedEOF, "tenant", "acme")
	if faults.Background() != failures+1 {
		t.Error("the error was not counted")
	}
}
