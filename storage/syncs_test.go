package storage

import (
	"strings"
	"testing"
)

// TestSyncsAreTimed: the sync of each transaction is timed.
func TestSyncsAreTimed(t *testing.T) {
	db := openStore(t, t.TempDir())
	count := func() string {
		var text strings.Builder
		if err := db.Syncs().Write(&text, "x", ""); err != nil {
			t.Fatal(err)
		}
		_, n, _ := strings.Cut(text.String(), "x_count ")
		return n
	}
	mustAppend(t, db, entry(1, "a")) // which also begins the seals
	before := count()
	mustAppend(t, db, entry(2, "b"))
	mustAppend(t, db, entry(3, "c"))
	if after := count(); before == "0\n" || after == before {
		t.Errorf("%q syncs were timed, and two appends later %q", before, after)
	}
}
