-- Of an organization with a limit of messages: how many a number has handed out that have no outcome yet, so that
-- all its numbers together keep to the limit.
CREATE TABLE under_way (
    org_id BLOB NOT NULL,
    number_id BLOB NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (org_id, number_id)
) WITHOUT ROWID, STRICT;
