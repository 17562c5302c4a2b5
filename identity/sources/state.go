package sources

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// Server is a server of a source.
type Server struct {
	URL             string
	Err             string    // why it cannot be asked, and what to do; "" if it can
	CertificateEnds time.Time // zero without TLS, or if TLS could not begin
}

// State is whether a source can sign people in.
type State struct {
	Source  Source
	Answers bool      // at least one of its servers can be asked
	Since   time.Time // since when this node sees it so, at the earliest since it started
	Servers []Server  // in the order in which they are asked
}

// standing is whether a source answered when it was last asked, and since when.
type standing struct {
	answers bool
	since   time.Time
}

// note notes whether a source answers, and returns since when it does or does not.
func (c *counts) note(answers bool, now time.Time) time.Time {
	for {
		before := c.standing.Load()
		if before != nil && before.answers == answers {
			return before.since
		}
		if c.standing.CompareAndSwap(before, &standing{answers, now.UTC()}) {
			return now.UTC()
		}
	}
}

// States asks all sources whether they can sign people in, at the same time.
func (s *Sources) States(ctx context.Context) []State {
	all := make([]State, len(s.list))
	var asking sync.WaitGroup
	for i, one := range s.list {
		asking.Go(func() { all[i] = s.state(ctx, one) })
	}
	asking.Wait()
	return all
}

func (s *Sources) state(ctx context.Context, one Source) State {
	v := State{Source: one}
	if one.Kind == KindLDAP {
		for _, server := range one.Directory.Servers(ctx) {
			v.Servers = append(v.Servers, Server{server.URL, textOf(server.Err), server.CertificateEnds})
			v.Answers = v.Answers || server.Err == nil
		}
	} else {
		ends, err := one.Provider.State(ctx)
		v.Answers, v.Servers = err == nil, []Server{{one.Provider.Issuer(), textOf(err), ends}}
	}
	if ctx.Err() != nil { // the one who asked has left: this says nothing of the source
		return v
	}
	v.Since = s.counts[one.Name].note(v.Answers, s.now())
	return v
}

// textOf returns the error of a server for those who look after the log; "" for none.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return cmp.Or(Why(err), err.Error())
}

// Turned is somebody whom a source knows and who was turned away because no rule fits.
type Turned struct {
	Account string // SOURCE/USERNAME
	Name    string
	Groups  []string // as the trail has them, which cuts long ones
	At      time.Time
}

const (
	turnedDays = 30 * 24 * time.Hour // within which people are listed
	maxTurned  = 20                  // people
)

// TurnedAway lists those who were turned away lately because no rule fits, each once, newest first. The installation's trail has them.
func (s *Sources) TurnedAway(ctx context.Context) (all []Turned, err error) {
	if len(s.list) == 0 {
		return nil, nil
	}
	q := oplog.Query{From: s.now().Add(-turnedDays), Filters: oplog.Filters{Search: `"` + WhyNoRule + `"`, Values: oplog.Values{Operations: []string{"session.sign_in"}}}}
	page, err := s.trail.Page(ctx, "", q, oplog.MaxPageSize, "")
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	for _, e := range page.Entries {
		var told struct {
			Reason string   `json:"reason"`
			Groups []string `json:"groups"`
		}
		if json.Unmarshal(e.Details, &told) != nil || told.Reason != WhyNoRule || seen[e.User.ID] {
			continue
		}
		seen[e.User.ID] = true
		if all = append(all, Turned{e.User.ID, e.User.Name, told.Groups, e.Time}); len(all) == maxTurned {
			break
		}
	}
	return all, nil
}

// People returns how many people each rule has given a role who may sign in, by the number of the rule in the file.
func (s *Sources) People() (map[int]int, error) {
	if len(s.list) == 0 {
		return nil, nil
	}
	accounts, err := s.identity.Accounts("")
	if err != nil {
		return nil, err
	}
	of := make(map[int]int)
	for _, a := range accounts {
		if a.Source != "" && !a.Disabled && !a.DisabledBySource {
			of[a.Rule]++
		}
	}
	return of, nil
}

// CheckRule returns an error if what a rule gives cannot be given to anybody, such as a tenant that does not exist.
func (s *Sources) CheckRule(r identity.Rule) error {
	g := identity.Grant{Role: r.Role, Tenant: r.Tenant, Organization: r.Organization}
	if g.Organization == identity.OwnOrganization {
		g.Organization = ""
	}
	return s.identity.CheckGrant(g)
}
