package cli

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/storage"
)

// TestCheckpointsWithinMovedEntries: checkpoints that could not be compared without the archive accuse nobody, and are told.
func TestCheckpointsWithinMovedEntries(t *testing.T) {
	checkpoint := func(size uint64) keptCheckpoint {
		return keptCheckpoint{Checkpoint: storage.Checkpoint{Size: size, Root: tlog.Hash{1}}, file: "kept"}
	}
	v := storage.Verification{Size: 900, Kept: map[uint64]tlog.Hash{512: {1}}, KeptInArchive: []uint64{300, 400}}
	of := []keptCheckpoint{checkpoint(300), checkpoint(400), checkpoint(512)}
	if err := compare(v, of); err != nil {
		t.Error(err)
	}
	if err := compare(v, append(of, checkpoint(513))); err == nil {
		t.Error("a checkpoint that was compared, and differs, is accepted")
	}
	var out bytes.Buffer
	printKept(&out, "acme", v, of, true)
	for _, want := range []string{"2 of 3 checkpoints end between entries whose leaf hashes are in the archive", "its first 512 entries are those of 1 checkpoints"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %s", out.String(), want)
		}
	}
	out.Reset()
	if printKept(&out, "acme", v, of[:2], true); strings.Contains(out.String(), "no checkpoint was kept") {
		t.Error(out.String())
	}
	if got := describeFinding(storage.Finding{Kind: storage.FoundMoved, Seq: 257, Last: 512}, 900); !strings.Contains(got, "entries 257 to 512 are said to be in the archive") {
		t.Error(got)
	}
}
