CREATE TABLE IF NOT EXISTS oplog_61636d65 (
  day Date,
  attempt UInt32,
  time Int64 CODEC(DoubleDelta, ZSTD(1)),
  seq UInt64 CODEC(Delta, ZSTD(1)),
  id String CODEC(ZSTD(1)),
  user_text LowCardinality(String),
  user_id LowCardinality(String),
  user_name LowCardinality(String),
  role LowCardinality(String),
  content_text String CODEC(ZSTD(3)),
  content_id String CODEC(ZSTD(1)),
  module LowCardinality(String),
  operation LowCardinality(String),
  organization_id LowCardinality(String),
  outcome LowCardinality(String),
  address String CODEC(ZSTD(1)),
  key_id LowCardinality(String),
  leaf String CODEC(ZSTD(3)),
  INDEX ids id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX seqs seq TYPE minmax GRANULARITY 1
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/oplog_61636d65', '{replica}') PARTITION BY (day, attempt) ORDER BY (time, seq)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
