-- Saved rules over contacts.
CREATE TABLE segment (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    -- The rule as JSON. Never read by SQL.
    rule TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX segment_name ON segment (org_id, name_fold);

-- How often something changed: the same number means that what was read before still holds. A row is
-- written at the end of each transaction that changes what it stands for.
CREATE TABLE change_count (
    org_id UUID NOT NULL,
    topic TEXT COLLATE "C" NOT NULL,
    key UUID NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, topic, key)
) WITH (fillfactor = 50);
