// Package clickhouse is the archive's engine on ClickHouse, from version 18.16 on, over its HTTP interface with rows in the format RowBinary
// (https://clickhouse.com/docs/interfaces/formats/RowBinary).
//
// Each tenant has a table of its own, partitioned by day and attempt. Replication is ClickHouse's business: the servers of a shard are replicas of one
// ReplicatedMergeTree, or a single plain one. No answer of one server is trusted to be complete: before it is asked, its system.parts must
// show all rows of the days in question, since a replica that has just come back answers short.
package clickhouse
