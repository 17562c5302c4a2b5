package server

import (
	"bytes"
	"fmt"

	"github.com/VictoriaMetrics/metrics"
)

// writeSourceMetrics writes how people sign in by directories and identity providers, if there are any.
func (s *Server) writeSourceMetrics(w *bytes.Buffer) {
	const name = "oplog_source_sign_ins_total"
	for i, c := range s.sources.Counts() {
		if i == 0 {
			metrics.WriteMetadataIfNeeded(w, name, "counter")
		}
		for _, of := range []struct {
			result string
			count  uint64
		}{{"signed_in", c.SignedIn}, {"refused", c.Refused}, {"unavailable", c.Unavailable}} {
			fmt.Fprintf(w, "%s{source=%q,result=%q} %d\n", name, c.Source, of.result, of.count)
		}
	}
}
