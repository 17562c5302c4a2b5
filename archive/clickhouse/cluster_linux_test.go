package clickhouse

import (
	"testing"

	"oplog/archive/clustertest"
)

// TestEngineOnCluster runs the engine's checks and those of failures on replicated tables of ClickHouse 18.16.
func TestEngineOnCluster(t *testing.T) {
	c := clustertest.Start(t)
	for name, check := range checks {
		t.Run(name, func(t *testing.T) { check(t, clusterPlace(t, c, 0, name)) })
	}
}

// clusterPlace returns a place for a tenant with a new table.
func clusterPlace(t *testing.T, c *clustertest.Cluster, shard int, tenant string) place {
	t.Helper()
	s, err := Open(Options{Servers: c.Shard(shard), User: clustertest.User, Password: clustertest.Password, CA: c.CA})
	if err != nil {
		t.Fatal(err)
	}
	return place{shard: s, tenant: tenant, replicated: true, queries: 150}
}
