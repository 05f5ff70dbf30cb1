-- What riviere bench asks the server.

-- name: server_settings
SELECT
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('server_version') AS version;

-- name: space_used
-- Bytes of the journal with its indexes, and of the write-ahead log since the server was made.
SELECT pg_total_relation_size('entry') AS journal, (pg_current_wal_lsn() - '0/0')::bigint AS wal;
