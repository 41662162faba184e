-- What an organization uses, by day (its number since 1970, UTC): messages by kind and number, in one slot a
-- kind of writer, so that writers do not wait for each other; calls of the API; rows at the end of the day.
-- Day 0 says what was erased.
CREATE TABLE usage_day (
    org_id UUID NOT NULL,
    day BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    number_id UUID NOT NULL,
    slot BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, day, kind, number_id, slot)
);

-- What an organization may use at most. What is not named is not limited.
CREATE TABLE usage_limit (
    org_id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    most BIGINT NOT NULL,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, name)
);

-- How Meta priced it, as category/type.
ALTER TABLE message ADD COLUMN billing TEXT;

-- What was sent and came in before this release.
INSERT INTO usage_day (org_id, day, kind, number_id, slot, n)
SELECT r.org_id, COALESCE(r.accepted_at, r.sent_at, r.delivered_at, r.read_at, c.started_at, c.created_at) / 86400000000,
    'campaign', c.number_id, 0, count(*)
FROM recipient r JOIN campaign c ON c.org_id = r.org_id AND c.id = r.campaign_id
WHERE r.state IN (3, 4, 6, 7) GROUP BY 1, 2, 4;

INSERT INTO usage_day (org_id, day, kind, number_id, slot, n)
SELECT r.org_id, COALESCE(r.accepted_at, r.sent_at, r.delivered_at, r.read_at, c.started_at, c.created_at) / 86400000000,
    'billed.' || r.billing, c.number_id, 0, count(*)
FROM recipient r JOIN campaign c ON c.org_id = r.org_id AND c.id = r.campaign_id
WHERE r.billing IS NOT NULL GROUP BY 1, 2, 3, 4;

INSERT INTO usage_day (org_id, day, kind, number_id, slot, n)
SELECT m.org_id, COALESCE(m.sent_at, m.created_at) / 86400000000,
    CASE WHEN m.state = 8 THEN 'inbound' WHEN m.kind = 'template' THEN 'template' ELSE 'reply' END,
    m.number_id, 0, count(*)
FROM message m WHERE m.state IN (3, 4, 6, 7, 8) GROUP BY 1, 2, 3, 4;
