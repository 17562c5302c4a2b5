package server

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// TestDisconnectDuringSummary: a summary is not computed to its end once its client has left.
func TestDisconnectDuringSummary(t *testing.T) {
	f := newServer(t)
	f.server.watchAfter = 0
	entries := make([]oplog.Entry, oplog.MaxEntriesPerRequest)
	for i := range entries { // of a phrase, each has to be read
		entries[i] = oplog.Entry{User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "send", Content: oplog.Ref{Name: strings.Repeat("autumn sale ", 80)}}
	}
	for range 2 {
		must(f.log.Journal.Append(t.Context(), "acme", entries))(t)
	}
	address := strings.TrimPrefix(f.listen(), "http://")
	c, err := net.Dial("tcp", address)
	f.noError(err)
	_, err = io.WriteString(c, "GET "+tenantA+"/summary?q=%22sale+sale%22 HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+f.sent["read"]["Authorization"]+"\r\n\r\n")
	f.noError(err)
	f.noError(c.Close())
	gets := &f.server.meters.requests[0] // by status
	for gets[0].Get()+gets[1].Get()+gets[2].Get()+gets[3].Get() == 0 {
		time.Sleep(time.Millisecond)
	}
	if gets[2].Get() != 1 {
		t.Errorf("%d responses were computed to their end, %d failed", gets[0].Get(), gets[3].Get())
	}
}
