package server

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/server/wire"
)

// BenchmarkSenders records entries over the network, one in a request, from 64
// senders at once; each answer comes after the sync of its transaction.
func BenchmarkSenders(b *testing.B) {
	f := newServer(b)
	ln := must((&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0"))(b)
	go func() { _ = f.server.Listen(Share(ln, nil)) }() // as the program does
	b.Cleanup(func() { _ = f.server.App().Shutdown() })
	url := fmt.Sprintf("http://%s%s/entries", ln.Addr(), tenantA)
	const senders = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders, DisableCompression: true}}
	latencies := make([][]time.Duration, senders)
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for s := range senders {
		group.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				body := fmt.Sprintf(`{"user":{"id":"u%d","name":"Ada"},"module":"sms","operation":"send","content":{"id":"c%d","name":"双11返场主会场"}}`, i%500, i%5000)
				start := time.Now()
				if err := request(client, http.MethodPost, url, f.sent["write"]["Authorization"], body); err != nil {
					b.Error(err)
					return
				}
				latencies[s] = append(latencies[s], time.Since(start))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	all := slices.Concat(latencies...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

// request sends one and reads its answer.
func request(client *http.Client, method, url, authorization, body string) error {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", authorization)
	if body != "" {
		r.Header.Set("Content-Type", wire.JSONType)
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	_ = answer.Body.Close()
	return err
}
