package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"oplog/archive"
	"oplog/node"
)

type archiveStatus struct {
	archiveFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints what is where.
func (c *archiveStatus) Run(ctx context.Context, m *Program) error {
	m.archive = []archiveSettings{c.archiveSettings}
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		s := l.Archive.Status(ctx, l.TenantStates)
		if c.JSON {
			out := json.NewEncoder(m.Stdout)
			out.SetEscapeHTML(false)
			out.SetIndent("", "  ")
			return out.Encode(archiveState(&s))
		}
		if !s.Configured && len(s.Tenants) == 0 {
			fmt.Fprintln(m.Stdout, "No archive is configured, and no tenant has archived days.")
			return nil
		}
		return errors.Join(m.printArchivedTenants(&s), m.printArchiveServers(&s))
	})
}

// printArchivedTenants prints a line for each tenant, with what is wrong below.
func (m *Program) printArchivedTenants(s *archive.Status) error {
	rows := [][]string{{"TENANT", "ARCHIVED AFTER", "DAYS", "FROM", "TO", "ENTRIES", "ONLY THERE", "DUE", "LAG", "SHIPPED", "VERIFIED"}}
	var notes []string
	for i := range s.Tenants {
		t := &s.Tenants[i]
		after := "never"
		if t.ArchiveAfter > 0 {
			after = fmt.Sprintf("%d days", t.ArchiveAfter)
		}
		rows = append(rows, []string{
			t.Tenant, after, fmt.Sprint(t.Days), orDash(t.First), orDash(t.Last), fmt.Sprint(t.Entries), fmt.Sprintf("%d in %d days", t.RemovedEntries, t.Removed),
			fmt.Sprint(t.Due), fmt.Sprintf("%d days", t.LagDays), momentOrDash(t.LastShipped), momentOrDash(t.LastVerified),
		})
		if t.Shipping != "" {
			notes = append(notes, fmt.Sprintf("Day %s of tenant %s is being shipped%s.", t.Shipping, t.Tenant, sentOf(t.Sent)))
		}
		if len(t.Unknown) > 0 {
			notes = append(notes, fmt.Sprintf("Tenant %s: the records of these days are damaged, so they take no entries and cannot be read: %s. Restore the log from a backup.", t.Tenant, listed(t.Unknown)))
		}
		if t.LastError != "" {
			notes = append(notes, fmt.Sprintf("Tenant %s: the last attempt failed on %s: %s", t.Tenant, moment(t.LastErrorAt), t.LastError))
		}
	}
	if len(s.Tenants) == 0 {
		fmt.Fprintln(m.Stdout, "No tenant's days are archived; say from which age on with oplog tenant set ID --archive-after DAYS.")
		return nil
	}
	if err := table(m.Stdout, rows); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(m.Stdout, visible(note))
	}
	return nil
}

// printArchiveServers prints a line for each server, with what it lacks below.
func (m *Program) printArchiveServers(s *archive.Status) error {
	if !s.Configured {
		_, err := fmt.Fprintln(m.Stdout, "No archive is configured: archived days cannot be read. Specify its servers with --archive, or in [archive] of the configuration file.")
		return err
	}
	rows := [][]string{{"SHARD", "SERVER", "STATE", "ENTRIES", "MISSING DAYS"}}
	var notes []string
	for i := range s.Servers {
		one := &s.Servers[i]
		state := "answers"
		if !one.Reachable {
			state = "cannot be used"
		}
		rows = append(rows, []string{fmt.Sprint(one.Shard + 1), one.URL, state, fmt.Sprint(one.Rows), fmt.Sprint(len(one.Missing))})
		if one.Error != "" {
			notes = append(notes, one.URL+": "+strings.TrimPrefix(one.Error, one.URL+": "))
		}
		if len(one.Missing) > 0 {
			notes = append(notes, fmt.Sprintf("%s lacks %s", one.URL, listed(one.Missing)))
		}
		if len(one.Unknown) > 0 {
			notes = append(notes, fmt.Sprintf("%s has shipments that this log does not know, and leaves alone: %s", one.URL, listed(one.Unknown)))
		}
	}
	fmt.Fprintln(m.Stdout)
	if err := table(m.Stdout, rows); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(m.Stdout, visible(note))
	}
	return nil
}

// sentOf says how many entries were sent; "" if that is unknown.
func sentOf(entries uint64) string {
	if entries == 0 {
		return ""
	}
	return fmt.Sprintf(": %d entries were sent so far", entries)
}

// maxListed is how many of a list are printed.
const maxListed = 10

func listed(all []string) string {
	if len(all) > maxListed {
		return strings.Join(all[:maxListed], ", ") + fmt.Sprintf(" and %d more", len(all)-maxListed)
	}
	return strings.Join(all, ", ")
}

func momentOrDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return moment(t)
}

// The status as JSON.
type (
	archiveStateBody struct {
		Configured bool                 `json:"configured"`
		Tenants    []archiveTenantBody  `json:"tenants"`
		Servers    []archiveServersBody `json:"servers"`
	}
	archiveTenantBody struct {
		Tenant         string    `json:"tenant"`
		ArchiveAfter   int       `json:"archive_after"` // days; 0 for never
		Days           int       `json:"days"`
		First          string    `json:"first,omitempty"`
		Last           string    `json:"last,omitempty"`
		Entries        uint64    `json:"entries"`
		RemovedDays    int       `json:"removed_days"` // that are only in the archive
		RemovedEntries uint64    `json:"removed_entries"`
		DueDays        int       `json:"due_days"`
		LagDays        int       `json:"lag_days"`
		Shipping       string    `json:"shipping,omitempty"` // date
		Error          string    `json:"error,omitempty"`
		ErrorAt        time.Time `json:"error_at,omitzero"`
		ShippedAt      time.Time `json:"shipped_at,omitzero"`
		VerifiedAt     time.Time `json:"verified_at,omitzero"`
		Unknown        []string  `json:"unknown,omitempty"` // dates whose records are damaged
	}
	archiveServersBody struct {
		URL       string   `json:"url"`
		Shard     int      `json:"shard"` // from 1
		Reachable bool     `json:"reachable"`
		Error     string   `json:"error,omitempty"`
		Entries   uint64   `json:"entries"`
		Missing   []string `json:"missing,omitempty"` // tenant/date
		Unknown   []string `json:"unknown,omitempty"` // shipments
	}
)

func archiveState(s *archive.Status) archiveStateBody {
	b := archiveStateBody{Configured: s.Configured, Tenants: []archiveTenantBody{}, Servers: []archiveServersBody{}}
	for i := range s.Tenants {
		t := &s.Tenants[i]
		b.Tenants = append(b.Tenants, archiveTenantBody{
			t.Tenant, t.ArchiveAfter, t.Days, t.First, t.Last, t.Entries, t.Removed, t.RemovedEntries, t.Due, t.LagDays, t.Shipping, t.LastError, t.LastErrorAt,
			t.LastShipped, t.LastVerified, t.Unknown,
		})
	}
	for i := range s.Servers {
		one := &s.Servers[i]
		b.Servers = append(b.Servers, archiveServersBody{one.URL, one.Shard + 1, one.Reachable, one.Error, one.Rows, one.Missing, one.Unknown})
	}
	return b
}
