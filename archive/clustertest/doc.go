// Package clustertest runs a cluster of Debian's ClickHouse 18.16 with ZooKeeper 3.8 on loopback, for tests: two shards of two replicas. Nothing is installed:
// tools/debian-clickhouse unpacks the packages into the folder that OPLOG_CLICKHOUSE_CLUSTER names. Tests that use it run by make archive.
package clustertest
