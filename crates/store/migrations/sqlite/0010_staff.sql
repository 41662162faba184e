-- The operator's staff, apart from all tenants, and their visits: times in which one of them may look into an
-- organization, with everything that they looked at. An organization sees its own.
CREATE TABLE staff (
    user_id BLOB NOT NULL PRIMARY KEY,
    added_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE visit (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    reason TEXT NOT NULL,
    begins_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX visit_of_user ON visit (user_id, id);
CREATE INDEX visit_now ON visit (org_id, user_id, ends_at);

CREATE TABLE visit_look (
    org_id BLOB NOT NULL,
    visit_id BLOB NOT NULL,
    path TEXT NOT NULL,
    times INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, visit_id, path)
) WITHOUT ROWID, STRICT;
