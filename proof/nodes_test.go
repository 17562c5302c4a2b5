package proof_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/proof"
	"oplog/witness"
)

// TestAnchorsOfNodes: the node that leads writes checkpoints. The next one goes on in the same folder, and repeats none.
func TestAnchorsOfNodes(t *testing.T) {
	n, dir := nodetest.NewNodes(t, 2), t.TempDir()
	var anchors []*proof.Anchors
	for _, m := range n.All {
		anchors = append(anchors, proof.NewAnchors(proof.NewTrees(m.Directory, m.Prover), m.Place, m.Clock.Now, dir))
	}
	write := func(want string) {
		t.Helper()
		for _, a := range []*proof.Anchors{anchors[1], anchors[0]} {
			if err := a.WriteIfLeading(); err != nil {
				t.Error(err)
			}
		}
		if got := filesIn(t, dir); got != want {
			t.Errorf("there are %s; want %s", got, want)
		}
	}
	n.Part(false)
	write("")
	n.Lead(0)
	write(all)
	n.Clock.Advance(time.Minute)
	n.Lead(1)
	write(all)
	n.All[0].Record("acme", nodetest.Entry("one", 1))
	const second = "acme/2026-11-20/084300Z-log.checkpoint"
	grown := strings.Replace(all, " plain/", " "+second+" plain/", 1)
	write(grown)
	n.Clock.Advance(time.Minute)
	n.Lead(0) // whose last checkpoint of acme is older
	write(grown)
}

// TestWitnessesOfNodes: the node that leads asks the witnesses, and so does the next one, of what the first had cosigned; others answer without
// cosignatures at once.
func TestWitnessesOfNodes(t *testing.T) {
	n := nodetest.NewNodes(t, 2)
	n.All[0].Record("acme", nodetest.Entry("one", 1))
	cosigner, err := witness.Open(t.TempDir(), "witness.example", []string{n.All[0].Journal.VerifierKey()}, time.Now)
	n.All[0].Must(cosigner, err)
	var asked atomic.Int32
	handler := cosigner.Handler(slog.New(slog.DiscardHandler))
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler.ServeHTTP(w, r)
	}))
	defer served.Close()
	var all []*proof.Witnesses
	for _, m := range n.All {
		w, err := proof.NewWitnesses(proof.NewTrees(m.Directory, m.Prover), m.Place, m.Clock.Now, []string{cosigner.Key() + " " + served.URL})
		m.Must(w, err)
		w.Grown("acme")
		all = append(all, w)
	}
	if err := all[1].Finish(t.Context()); err != nil || asked.Load() != 0 {
		t.Errorf("a node that does not lead asked %d times, %v", asked.Load(), err)
	}
	if text, err := all[1].Checkpoint(t.Context(), "acme"); err != nil || strings.Contains(text, "witness.example") {
		t.Errorf("%s, %v", text, err)
	}
	for i, w := range all {
		n.Lead(i)
		if err := w.Finish(t.Context()); err != nil || int(asked.Load()) != 1+2*i {
			t.Errorf("the witness was asked %d times, %v", asked.Load(), err)
		}
		if text, err := w.Checkpoint(t.Context(), "acme"); err != nil || !strings.Contains(text, "witness.example") {
			t.Errorf("%s, %v", text, err)
		}
	}
}
