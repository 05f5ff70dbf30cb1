-- A server keeps in memory what it prices gifts with: people, places, prices. Whoever changes one of them counts its
-- revision up in the same transaction (src/riviere/economy/revision.py), so one small read says whether any of it moved.

CREATE TABLE revision (
    name text PRIMARY KEY CHECK (name IN ('people', 'places', 'prices')),
    number bigint NOT NULL CHECK (number > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE revision IS 'reference: how often what servers keep in memory has changed';

INSERT INTO revision (name, number) VALUES ('people', 1), ('places', 1), ('prices', 1);

GRANT SELECT ON revision TO riviere_server;
GRANT UPDATE (number) ON revision TO riviere_server;
