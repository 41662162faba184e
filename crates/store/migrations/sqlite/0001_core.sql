-- Ids are UUIDv7, moments are microseconds UTC, truth is 0 or 1, money is minor units.
-- org_id leads the key of everything that belongs to a tenant.

CREATE TABLE organization (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    default_region TEXT NOT NULL,
    data_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE api_key (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX api_key_hash ON api_key (hash);

CREATE TABLE waba (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    meta_id TEXT NOT NULL,
    portfolio TEXT NOT NULL,
    name TEXT NOT NULL,
    currency TEXT,
    token BLOB NOT NULL,
    token_state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX waba_meta_id ON waba (meta_id);

CREATE TABLE number (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    waba_id BLOB NOT NULL,
    meta_id TEXT NOT NULL,
    display_phone TEXT NOT NULL,
    verified_name TEXT NOT NULL,
    quality TEXT NOT NULL,
    status TEXT NOT NULL,
    pace_per_second INTEGER NOT NULL,
    stopped_reason TEXT,
    last_webhook_at INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX number_meta_id ON number (meta_id);

-- A contact's phone stands in its row: it is unique in the organization and nearly always there.
CREATE TABLE contact (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    phone TEXT,
    region TEXT,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    email TEXT,
    language TEXT,
    consent INTEGER NOT NULL,
    reachable INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX contact_phone ON contact (org_id, phone);
CREATE INDEX contact_consent ON contact (org_id, consent, id);

-- The identities that hold only within one of Meta's business portfolios.
CREATE TABLE contact_identity (
    org_id BLOB NOT NULL,
    portfolio TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    contact_id BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, portfolio, kind, value)
) WITHOUT ROWID, STRICT;
CREATE INDEX contact_identity_contact ON contact_identity (org_id, contact_id);

-- What happened to a contact's identities: numbers that changed, contacts that turned out to be one.
CREATE TABLE contact_history (
    org_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (org_id, contact_id, at, kind, detail)
) WITHOUT ROWID, STRICT;

CREATE TABLE field (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX field_name ON field (org_id, name);

CREATE TABLE contact_field (
    org_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    field_id BLOB NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (org_id, contact_id, field_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE label (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX label_name ON label (org_id, name_fold);

CREATE TABLE contact_label (
    org_id BLOB NOT NULL,
    label_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    PRIMARY KEY (org_id, label_id, contact_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX contact_label_contact ON contact_label (org_id, contact_id, label_id);

-- The ledger of consent: entries are only ever added.
CREATE TABLE consent (
    org_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    source TEXT NOT NULL,
    wording TEXT NOT NULL,
    PRIMARY KEY (org_id, contact_id, id)
) WITHOUT ROWID, STRICT;

CREATE TABLE template (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    waba_id BLOB NOT NULL,
    meta_id TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    status TEXT NOT NULL,
    quality TEXT NOT NULL,
    rejected_reason TEXT,
    version INTEGER NOT NULL,
    synced_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX template_name ON template (org_id, waba_id, name, language);
CREATE INDEX template_listed ON template (org_id, name, language, id);

-- A version is kept as long as a campaign or a thread may show it.
CREATE TABLE template_version (
    org_id BLOB NOT NULL,
    template_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    parameter_format TEXT NOT NULL,
    components TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, template_id, version)
) WITHOUT ROWID, STRICT;

CREATE TABLE campaign (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    number_id BLOB NOT NULL,
    template_id BLOB NOT NULL,
    template_version INTEGER NOT NULL,
    state TEXT NOT NULL,
    paused_reason TEXT,
    -- The definition as JSON: audience, variables, header media, rules. Never read by SQL.
    definition TEXT NOT NULL,
    -- While planning: the last contact that has its row. A frozen audience is resumed, never doubled.
    plan_after BLOB,
    planned INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX campaign_unfinished ON campaign (number_id, id) WHERE finished_at IS NULL;

-- The ledger: one row per person a campaign was planned for. States and reasons are numbers because
-- a higher state never gives way to a lower one, which SQL then can say.
CREATE TABLE recipient (
    org_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    contact_id BLOB NOT NULL,
    address TEXT NOT NULL,
    variables TEXT,
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    wamid TEXT,
    billing TEXT,
    accepted_at INTEGER,
    sent_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    failed_at INTEGER,
    PRIMARY KEY (org_id, campaign_id, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX recipient_contact ON recipient (org_id, contact_id, campaign_id);

-- The unit of lease. Rows of a leased chunk below next_seq may have been sent; rows from next_seq on
-- surely were not: next_seq is moved, durably, before anything is sent.
CREATE TABLE chunk (
    org_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    no INTEGER NOT NULL,
    number_id BLOB NOT NULL,
    next_seq INTEGER NOT NULL,
    end_seq INTEGER NOT NULL,
    state INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    -- The lowest seq that was handed out under the present lease.
    leased_from INTEGER NOT NULL,
    PRIMARY KEY (org_id, campaign_id, no)
) WITHOUT ROWID, STRICT;
CREATE INDEX chunk_leased ON chunk (number_id, lease) WHERE state = 1;
CREATE INDEX chunk_unfinished ON chunk (org_id, campaign_id, state, no) WHERE state < 2;

-- Recipients that need another look: to be tried again, in an attempt, or uncertain.
CREATE TABLE follow_up (
    org_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    number_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- Between these two moments the attempt was made.
    began_at INTEGER NOT NULL,
    attempted_at INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    PRIMARY KEY (org_id, campaign_id, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX follow_up_due ON follow_up (number_id, kind, due_at);
CREATE INDEX follow_up_any_due ON follow_up (due_at);

-- Counts by state and reason. Each kind of writer has a slot of its own, so that writers do not wait
-- for each other's row; the count is the sum of the slots.
CREATE TABLE campaign_count (
    org_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    slot INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (org_id, campaign_id, slot, state, reason)
) WITHOUT ROWID, STRICT;

CREATE TABLE thread (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    number_id BLOB NOT NULL,
    last_message_at INTEGER NOT NULL,
    last_inbound_at INTEGER,
    last_line TEXT NOT NULL,
    unread INTEGER NOT NULL,
    conversation_id BLOB,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX thread_contact ON thread (org_id, contact_id, number_id);
CREATE INDEX thread_latest ON thread (org_id, last_message_at, id);
CREATE INDEX thread_open ON thread (org_id, last_message_at, id) WHERE conversation_id IS NOT NULL;

CREATE TABLE conversation (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    thread_id BLOB NOT NULL,
    state TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    resolved_at INTEGER,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX conversation_thread ON conversation (org_id, thread_id, opened_at);

CREATE TABLE message (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    thread_id BLOB NOT NULL,
    number_id BLOB NOT NULL,
    state INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- What a person reads of it.
    text TEXT NOT NULL,
    -- The whole of it as JSON, in Meta's shape.
    content TEXT NOT NULL,
    address TEXT NOT NULL,
    wamid TEXT,
    reply_to TEXT,
    attempt INTEGER NOT NULL,
    error_code INTEGER,
    error_details TEXT,
    lease INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    began_at INTEGER,
    attempted_at INTEGER,
    sent_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    failed_at INTEGER,
    PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX message_thread ON message (org_id, thread_id, created_at, id);
CREATE UNIQUE INDEX message_wamid ON message (org_id, wamid) WHERE wamid IS NOT NULL;
CREATE INDEX message_unfinished ON message (number_id, state, due_at) WHERE state < 3;

-- Every webhook as it came, one entry per WABA in it. Rows are never changed.
CREATE TABLE journal (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    waba TEXT,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX journal_waba ON journal (waba, id);
CREATE INDEX journal_age ON journal (received_at);

-- Entries whose effects are still to come. An entry leaves in the transaction that applies it.
CREATE TABLE journal_todo (
    id INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- Entries that could not be applied: set aside with their error, to be replayed.
CREATE TABLE journal_failed (
    id INTEGER NOT NULL PRIMARY KEY,
    waba TEXT,
    at INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX journal_failed_waba ON journal_failed (waba, id);

-- Who owns what, until when. The token grows with every owner: a late owner's writes are refused.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    token INTEGER NOT NULL,
    until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Since when this installation can hear Meta, and how long it was deaf before.
CREATE TABLE hearing (
    id INTEGER NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    deaf_us INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE job (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    input TEXT NOT NULL,
    progress TEXT NOT NULL,
    error TEXT,
    attempts INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX job_due ON job (run_at, id) WHERE finished_at IS NULL;

-- Answers to writes that carried an Idempotency-Key.
CREATE TABLE idempotency (
    org_id BLOB NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status INTEGER,
    body BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX idempotency_age ON idempotency (created_at);
