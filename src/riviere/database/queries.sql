-- name: create_schema
CREATE SCHEMA IF NOT EXISTS riviere;

-- name: create_migration
-- Its own rows tell which files have been applied, and what they said then.
CREATE TABLE IF NOT EXISTS riviere.migration (
    number integer PRIMARY KEY CHECK (number > 0),
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE riviere.migration IS 'reference: the migrations applied to this database';

-- name: has_migration
SELECT to_regclass('riviere.migration') IS NOT NULL;

-- name: applied
SELECT number, name, checksum, applied_at FROM riviere.migration ORDER BY number;

-- name: record
INSERT INTO riviere.migration (number, name, checksum) VALUES (%(number)s, %(name)s, %(checksum)s);

-- name: lock
-- One migrator at a time; the number is any that nothing else uses.
SELECT pg_advisory_lock(7230113);

-- name: be_brief
-- A migration that cannot get its locks must not hold up everybody who queues behind it.
SET lock_timeout = '10s';

-- name: grant_server
-- The role is made by the first migration. Who made it without being superuser may not yet become it (PostgreSQL 16+).
GRANT SELECT ON riviere.migration TO riviere_server;
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'riviere_server', 'SET') THEN
        GRANT riviere_server TO CURRENT_USER;
    END IF;
END
$$;

-- name: read_size
SELECT pg_database_size(current_database()) AS bytes;
