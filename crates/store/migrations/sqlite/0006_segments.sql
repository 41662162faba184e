-- Saved rules over contacts.
CREATE TABLE segment (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    -- The rule as JSON. Never read by SQL.
    rule TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX segment_name ON segment (org_id, name_fold);

-- How often something changed: the same number means that what was read before still holds. A row is
-- written at the end of each transaction that changes what it stands for.
CREATE TABLE change_count (
    org_id BLOB NOT NULL,
    topic TEXT NOT NULL,
    key BLOB NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (org_id, topic, key)
) WITHOUT ROWID, STRICT;
