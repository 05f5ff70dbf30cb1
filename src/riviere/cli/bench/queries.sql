-- What riviere bench asks the server.

-- name: any_entry
SELECT 1 AS used FROM riviere.entry LIMIT 1;

-- name: server_settings
SELECT
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes, current_setting('wal_compression') AS wal_compression,
    current_setting('shared_buffers') AS shared_buffers, current_setting('max_wal_size') AS max_wal_size,
    current_setting('checkpoint_timeout') AS checkpoint_timeout, current_setting('server_version') AS version;

-- name: server_time
SELECT clock_timestamp() AS time;

-- name: table_sizes
-- Bytes of each table with its indexes.
SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes
FROM pg_class AS c
WHERE c.relnamespace = 'riviere'::regnamespace AND c.relkind = 'r';

-- name: wal_and_checkpoints
-- The write-ahead log since the server was made, and checkpoints that were begun.
SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS wal, num_timed + num_requested AS checkpoints
FROM pg_stat_checkpointer;

-- name: batches_since
SELECT count(*) AS batches, coalesce(sum(count), 0)::bigint AS entries, coalesce(max(count), 0) AS largest
FROM batch
WHERE booked_at > %(since)s;

-- name: create_tpcb
CREATE DATABASE riviere_bench_tpcb;

-- name: drop_tpcb
DROP DATABASE IF EXISTS riviere_bench_tpcb WITH (FORCE);

-- name: checkpoint
CHECKPOINT; -- noqa: PRS
