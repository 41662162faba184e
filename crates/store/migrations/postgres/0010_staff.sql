-- The operator's staff, apart from all tenants, and their visits: times in which one of them may look into an
-- organization, with everything that they looked at. An organization sees its own.
CREATE TABLE staff (
    user_id UUID NOT NULL PRIMARY KEY,
    added_at BIGINT NOT NULL
);

CREATE TABLE visit (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    reason TEXT NOT NULL,
    begins_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX visit_of_user ON visit (user_id, id);
CREATE INDEX visit_now ON visit (org_id, user_id, ends_at);

CREATE TABLE visit_look (
    org_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    times BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, visit_id, path)
);
