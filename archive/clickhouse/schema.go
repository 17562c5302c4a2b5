package clickhouse

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
)

// column is a column of a tenant's table.
type column struct {
	name, kind string
	codec      string // of newer servers
	few        bool   // it has few different values
}

// columns are those of a tenant's table, in the order of rows.
var columns = []column{
	{name: "day", kind: "Date"},
	{name: "attempt", kind: "UInt32"},
	{name: "time", kind: "Int64", codec: "DoubleDelta, ZSTD(1)"},
	{name: "seq", kind: "UInt64", codec: "Delta, ZSTD(1)"},
	{name: "id", kind: "String", codec: "ZSTD(1)"}, // the sender's; empty for none
	{name: "user_text", kind: "String", few: true}, // analysed
	{name: "user_id", kind: "String", few: true},
	{name: "user_name", kind: "String", few: true},
	{name: "role", kind: "String", few: true},
	{name: "content_text", kind: "String", codec: "ZSTD(3)"}, // analysed
	{name: "content_id", kind: "String", codec: "ZSTD(1)"},
	{name: "module", kind: "String", few: true},
	{name: "operation", kind: "String", few: true},
	{name: "organization_id", kind: "String", few: true},
	{name: "outcome", kind: "String", few: true},
	{name: "address", kind: "String", codec: "ZSTD(1)"}, // 4 or 16 bytes, or none
	{name: "key_id", kind: "String", few: true},
	{name: "leaf", kind: "String", codec: "ZSTD(3)"}, // the recorded bytes
}

// tableOf returns the name of a tenant's table.
func tableOf(tenant string) string { return "oplog_" + hex.EncodeToString([]byte(tenant)) }

// Schema returns the statement that makes a tenant's table on a server of the shard. Replicated tables take their shard and replica from the server's
// macros.
func Schema(tenant string, replicated, modern bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n", tableOf(tenant))
	for i, c := range columns {
		kind := c.kind
		if modern && c.few {
			kind = "LowCardinality(" + kind + ")"
		}
		fmt.Fprintf(&b, "  %s %s", c.name, kind)
		if modern && c.codec != "" {
			fmt.Fprintf(&b, " CODEC(%s)", c.codec)
		}
		if modern || i < len(columns)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	engine := "MergeTree()"
	if replicated {
		engine = fmt.Sprintf("ReplicatedMergeTree('/clickhouse/tables/{shard}/%s', '{replica}')", tableOf(tenant))
	}
	if modern {
		b.WriteString("  INDEX ids id TYPE bloom_filter(0.001) GRANULARITY 1,\n  INDEX seqs seq TYPE minmax GRANULARITY 1\n")
	}
	fmt.Fprintf(&b, ") ENGINE = %s PARTITION BY (day, attempt) ORDER BY (time, seq)", engine)
	if modern {
		b.WriteString("\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1")
	}
	return b.String()
}

// checkTable returns an error if a server's table of a tenant is not there, or is not as Schema makes it.
func (s *server) checkTable(ctx context.Context, tenant string, replicated bool) error {
	command := "oplog archive schema --tenant " + tenant
	if replicated {
		command += " --replicated"
	}
	answer, err := s.ask(ctx, "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = "+quote(tableOf(tenant))+" FORMAT TabSeparated", reading)
	if err != nil {
		return err
	}
	kinds := map[string]string{}
	for line := range strings.Lines(string(answer)) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), "\t")
		kinds[name] = strings.TrimSuffix(strings.TrimPrefix(kind, "LowCardinality("), ")")
	}
	if len(kinds) == 0 {
		return fmt.Errorf("%s has no table %s: make it with the statement that `%s` prints", s.url, tableOf(tenant), command)
	}
	for _, c := range columns {
		if kinds[c.name] != c.kind {
			return fmt.Errorf("%s: column %s of %s should be %s, not %q: compare it with the statement that `%s` prints", s.url, c.name, tableOf(tenant), c.kind, kinds[c.name], command)
		}
	}
	if !replicated {
		return nil
	}
	answer, err = s.ask(ctx, "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = "+quote(tableOf(tenant))+" FORMAT TabSeparated", reading)
	if engine := strings.TrimSpace(string(answer)); err == nil && engine == "MergeTree" {
		err = fmt.Errorf("%s: table %s is a plain MergeTree, of which the other servers get no copy: drop it if it is empty, and make it with the statement that `%s` prints", s.url, tableOf(tenant), command)
	}
	return err
}
