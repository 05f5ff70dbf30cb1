-- name: create
-- What the stand-in remembers, each thing as one JSON document (those of localstripe pickled).
CREATE TABLE IF NOT EXISTS document (
    kind text NOT NULL,
    id text NOT NULL,
    body blob NOT NULL,
    PRIMARY KEY (kind, id)
);

-- name: put
INSERT INTO document (kind, id, body) VALUES (:kind, :id, :body)
ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body;

-- name: drop
DELETE FROM document WHERE kind = :kind AND id = :id;

-- name: get
SELECT body FROM document WHERE kind = :kind AND id = :id;

-- name: every
SELECT body FROM document WHERE kind = :kind ORDER BY rowid;

-- name: newest
SELECT body FROM document WHERE kind = :kind ORDER BY rowid DESC;
