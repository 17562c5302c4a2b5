package identity

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// A used launch link is remembered until it expires. Those that have expired are removed every hour, and as soon as a key has many: a host system
// can make as many links as it likes.

// MaxUsedLaunches is how many used links of a key are remembered. Links are valid for MaxLaunchLife, so it allows 33 sign-ins a second.
const MaxUsedLaunches = 10_000

// launchesCleared is the number of a key's used links from which expired ones are removed before the hour.
const launchesCleared = MaxUsedLaunches / 2

// usedLaunches counts used links by key.
type usedLaunches struct {
	mu    sync.Mutex     // guards of; never held across a write
	of    map[string]int // by hash of the key; nil until they were counted
	asked time.Time      // when the last removal was begun because of a number

	// Whether links were used, or removed, while another node led. It is set by changes of records, under no lock.
	recount atomic.Bool
}

// add changes the number of a key's links.
func (u *usedLaunches) add(key string, n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of == nil {
		return
	}
	if u.of[key] += n; u.of[key] <= 0 {
		delete(u.of, key)
	}
}

// takeLaunch counts a link of a key that is about to be remembered, or returns CodeTooMany.
func (i *Identity) takeLaunch(key string) error {
	u := &i.launches
	i.records.Flush() // which a read does otherwise, under mu
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.recount.Swap(false) || u.of == nil {
		if err := i.countLaunches(); err != nil {
			return err
		}
	}
	n := u.of[key]
	if now := i.now(); n >= launchesCleared && now.Sub(u.asked) >= launchesInterval {
		u.asked = now
		i.background.Once("launches", func() { i.clearLaunches(i.now()) })
	}
	if n >= MaxUsedLaunches {
		e := oplog.Refuse(oplog.CodeTooMany, "too-many-launches", "The key of this link has signed in {max} times within a few minutes; open the link again later.", MaxUsedLaunches)
		e.Wait = launchesInterval
		return e
	}
	u.of[key]++
	return nil
}

// launchesInterval is the least time between two removals because of a number.
const launchesInterval = 10 * time.Second

// countLaunches counts the links in the store. The caller holds mu.
func (i *Identity) countLaunches() error {
	of := make(map[string]int)
	err := records.Each(i.records, oplog.RecordLaunch, "", func(r oplog.Record) bool {
		of[launchOf(r).Key]++
		return true
	})
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged {
		return err
	}
	i.launches.of = of
	return nil
}

// launchOf returns a used link. An unreadable one is of no key and counts as expired.
func launchOf(r oplog.Record) (spent usedLaunch) {
	_ = json.Unmarshal(r.Data, &spent)
	return spent
}

// launchesAtOnce is how many links are removed in one transaction.
const launchesAtOnce = 500

// clearLaunches removes used links that have expired.
func (i *common) clearLaunches(now time.Time) {
	if i.records.Failure() != nil || !i.place.Leads() {
		return
	}
	var expired []oplog.RecordChange
	var keys []string
	remove := func() {
		err := i.records.PutRecords(expired) // nobody changes a used link
		faults.Report("removing used launch links", err)
		for _, key := range keys {
			if err == nil {
				i.launches.add(key, -1)
			}
		}
		expired, keys = nil, nil
	}
	err := records.Each(i.records, oplog.RecordLaunch, "", func(r oplog.Record) bool {
		if spent := launchOf(r); !now.Before(spent.ExpiresAt) {
			expired = append(expired, oplog.RecordChange{Kind: oplog.RecordLaunch, Name: r.Name, Replaces: oplog.RevisionOf(r.Data)})
			keys = append(keys, spent.Key)
		}
		if len(expired) == launchesAtOnce {
			remove()
		}
		return true
	})
	if len(expired) > 0 {
		remove()
	}
	faults.Report("removing used launch links", err)
}
