package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// figures are what a phase of a load of 1,000 entries a second measured.
type figures struct {
	entries         int
	grown           int64 // bytes of the store
	median, longest time.Duration
}

func (f figures) String() string {
	return fmt.Sprintf("%d entries; the store grew by %d KiB; an append of 10 took %s in the median, %s at most",
		f.entries, f.grown>>10, f.median.Round(100*time.Microsecond), f.longest.Round(time.Millisecond))
}

// loaded records 1,000 entries a second for a time.
func loaded(t *testing.T, url, key string, c client, during time.Duration) figures {
	t.Helper()
	const senders, batch, every = 10, 10, 100 * time.Millisecond
	body := `{"entries":[` + strings.Repeat(`{"user":{"id":"u","name":"U"},"module":"sms","operation":"send","content":{"name":"under load"}},`, batch-1) +
		`{"user":{"id":"u","name":"U"},"module":"sms","operation":"send","content":{"name":"under load"}}]}`
	before := storeBytes(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	var running sync.WaitGroup
	waits := make([][]time.Duration, senders)
	for i := range senders {
		running.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for ctx.Err() == nil {
				began := time.Now()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/tenants/demo/entries", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+key)
				r.Header.Set("Content-Type", "application/json")
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusCreated {
					t.Errorf("recording: %d", answer.StatusCode)
					return
				}
				waits[i] = append(waits[i], time.Since(began))
				<-tick.C
			}
		})
	}
	running.Wait()
	all := slices.Concat(waits...)
	if len(all) == 0 {
		t.Fatal("nothing was recorded")
	}
	slices.Sort(all)
	return figures{len(all) * batch, storeBytes(t, c) - before, all[len(all)/2], all[len(all)-1]}
}

// storeBytes returns the size of the store.
func storeBytes(t *testing.T, c client) int64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^oplog_store_bytes (\d+)`).FindStringSubmatch(c.text(t, "/metrics"))
	if found == nil {
		t.Fatal("the metrics have no size of the store")
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSlowlyStreamedBackup downloads a backup at 100 KB/s while 1,000 entries a second come in: the store grows no more than without it, no sender
// waits for it, and it is a whole log.
func TestSlowlyStreamedBackup(t *testing.T) {
	data := t.TempDir()
	serve(t, "demo", "--entries", "40000", "--data", data).stop()
	key := func(scope string) string {
		return strings.TrimSpace(setting{}.mustRun(t, "key", "add", "--tenant", "demo", "--scope", scope, "--name", scope, "--data", data))
	}
	writeKey, backupKey := key("write"), key("backup")
	p := serve(t, "serve", "--data", data)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	const during = 4 * time.Second
	loaded(t, p.url, writeKey, c, time.Second) // until the store reuses pages
	without := loaded(t, p.url, writeKey, c, during)
	t.Logf("without a backup: %s", without)

	file, err := os.Create(filepath.Join(t.TempDir(), "backup"))
	if err != nil {
		t.Fatal(err)
	}
	read, fast := make(chan error), make(chan struct{})
	var slowly int64 // bytes
	go func() { read <- download(t.Context(), p.url+"/api/v1/backup", backupKey, file, fast, &slowly) }()
	with := loaded(t, p.url, writeKey, c, during)
	close(fast)
	if err := errors.Join(<-read, file.Close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("while %d KiB of a backup are read at 100 KB/s: %s", slowly>>10, with)
	info, err := os.Stat(file.Name())
	if err != nil || info.Size() < 2*slowly {
		t.Fatalf("%v: it was read too fast: %d of %d bytes", err, slowly, info.Size())
	}
	perEntry := func(f figures) float64 { return float64(f.grown) / float64(f.entries) }
	t.Logf("bytes for an entry: %.0f without, %.0f with a backup", perEntry(without), perEntry(with))
	if most := 1.5*perEntry(without)*float64(with.entries) + 1<<20; float64(with.grown) > most {
		t.Errorf("the store grows by %d KiB, more than %.0f KiB", with.grown>>10, most/1024)
	}
	p.stop()
	setting{}.mustRun(t, "restore", file.Name(), "--data", filepath.Join(t.TempDir(), "restored"))
}

// unbuffered connects so that the system does not take an answer before it is read.
func unbuffered(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(32 << 10)
	}
	return conn, err
}

// download reads a backup at 100 KB/s until it may be fast, and counts the bytes until then.
func download(ctx context.Context, url, key string, to io.Writer, fast chan struct{}, slowly *int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	c := &http.Client{Transport: &http.Transport{DialContext: unbuffered}}
	defer c.CloseIdleConnections()
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the backup is answered %d", answer.StatusCode)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-fast:
			_, err := io.Copy(to, answer.Body)
			return err
		case <-tick.C:
			n, err := io.CopyN(to, answer.Body, 10_000)
			if *slowly += n; err != nil {
				return fmt.Errorf("the backup ended early: %w", err)
			}
		}
	}
}
