-- How far Meta's news of an account have come, by Meta's clock, and how late they were of late.
CREATE TABLE watermark (
    org_id BLOB NOT NULL,
    waba_id BLOB NOT NULL,
    statuses_until INTEGER,
    events_until INTEGER,
    lag_us INTEGER NOT NULL,
    lag_at INTEGER NOT NULL,
    heard_at INTEGER,
    PRIMARY KEY (org_id, waba_id)
) WITHOUT ROWID, STRICT;
ALTER TABLE number DROP COLUMN last_webhook_at;

-- Who noted last that it hears: a node that starts learns from it whether another one heard meanwhile.
ALTER TABLE hearing ADD COLUMN owner TEXT NOT NULL DEFAULT '';

-- Why a row is in doubt: 1 no answer came, 2 its sender died; 0 for other follow-ups.
ALTER TABLE follow_up ADD COLUMN cause INTEGER NOT NULL DEFAULT 0;

-- Rows that got nothing, by rule or because they failed. Their reason is set when that is decided and
-- stays 0 on the way of all others, so sending and statuses never touch this index.
UPDATE recipient SET reason = -3 WHERE state = 5 AND reason = 0;
UPDATE campaign_count SET reason = -3 WHERE state = 5 AND reason = 0;
CREATE INDEX recipient_without ON recipient (org_id, campaign_id, seq) WHERE reason <> 0;

-- How many messages Meta priced how, from its statuses.
CREATE TABLE campaign_billing (
    org_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    billing TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (org_id, campaign_id, billing)
) WITHOUT ROWID, STRICT;
INSERT INTO campaign_billing (org_id, campaign_id, billing, n)
SELECT org_id, campaign_id, billing, count(*) FROM recipient WHERE billing IS NOT NULL
GROUP BY org_id, campaign_id, billing;
