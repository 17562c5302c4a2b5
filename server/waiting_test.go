package server

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

const otherPath = "/api/v1/tenants/other"

// newWaitingServer returns a server whose index of the tenant other has not been loaded.
func newWaitingServer(t *testing.T) (*fixture, *stoppedStore) {
	t.Helper()
	store := &stoppedStore{}
	f := newServerOver(t, func(real oplog.Store) oplog.Store {
		store.Store = real
		return store
	})
	must(f.log.Directory.ChangeTenant("other", func(t *oplog.Tenant) { t.DataPermission = true }))(t)
	return f, store
}

// TestRevokedWhileWaiting: a key that is revoked while its entries wait for the index records nothing.
func TestRevokedWhileWaiting(t *testing.T) {
	f, store := newWaitingServer(t)
	store.stop(oplog.RecordIndex, "other", func() {
		for _, k := range must(f.log.Identity.Keys("other"))(t) {
			if k.Name == "strange writer" {
				must(f.log.Identity.RevokeKey("other", k.ID))(t)
			}
		}
	})
	f.asProblem(f.send("strange writer", "POST", otherPath+"/entries", entry()), 401)
	if store.meanwhile != nil {
		t.Fatal("it did not wait")
	}
	if entries, _, err := f.log.Journal.Counts("other"); entries != 0 || err != nil {
		t.Errorf("%d entries were stored: %v", entries, err)
	}
}

// TestDisconnectWhileWaiting: requests that wait for the index end when their clients leave, and change nothing.
func TestDisconnectWhileWaiting(t *testing.T) {
	for _, test := range []struct{ caller, method, path, body string }{
		{"strange writer", "POST", "/entries", entry()},
		{"strange directory", "PUT", "/organizations", `[{"id":"new","parent_id":null,"name":"New"}]`},
		{"strange key", "GET", "/live", ""},
	} {
		t.Run(test.path, func(t *testing.T) {
			f, store := newWaitingServer(t)
			f.server.watchAfter = 0
			waiting, left := make(chan struct{}), make(chan struct{})
			store.stop(oplog.RecordIndex, "other", func() {
				close(waiting)
				<-left
			})
			defer close(left)
			c := must(net.Dial("tcp", strings.TrimPrefix(f.listen(), "http://")))(t)
			must(fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
				test.method, otherPath+test.path, f.sent[test.caller]["Authorization"], len(test.body), test.body))(t)
			<-waiting
			f.noError(c.Close())
			requests := &f.server.meters.requests[slices.Index(methods[:], test.method)]
			for requests[2].Get() == 0 {
				time.Sleep(time.Millisecond)
			}
			if entries, _, err := f.log.Journal.Counts("other"); entries != 0 || err != nil {
				t.Errorf("%d entries were stored: %v", entries, err)
			}
			if tree := must(f.log.Directory.Organizations("other", ""))(t); len(tree) != 0 {
				t.Errorf("the tree is %v", tree)
			}
		})
	}
}
