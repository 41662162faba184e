-- Ids are UUIDv7, moments are microseconds UTC, truth is 0 or 1, money is minor units.
-- org_id leads the key of everything that belongs to a tenant.

CREATE TABLE organization (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    default_region TEXT NOT NULL,
    data_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_key (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX api_key_hash ON api_key (hash);

CREATE TABLE waba (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    meta_id TEXT COLLATE "C" NOT NULL,
    portfolio TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    currency TEXT,
    token BYTEA NOT NULL,
    token_state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX waba_meta_id ON waba (meta_id);

CREATE TABLE number (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    waba_id UUID NOT NULL,
    meta_id TEXT COLLATE "C" NOT NULL,
    display_phone TEXT NOT NULL,
    verified_name TEXT NOT NULL,
    quality TEXT NOT NULL,
    status TEXT NOT NULL,
    pace_per_second INTEGER NOT NULL,
    stopped_reason TEXT,
    last_webhook_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX number_meta_id ON number (meta_id);

-- A contact's phone stands in its row: it is unique in the organization and nearly always there.
CREATE TABLE contact (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    phone TEXT COLLATE "C",
    region TEXT,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    email TEXT,
    language TEXT,
    consent SMALLINT NOT NULL,
    reachable SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX contact_phone ON contact (org_id, phone);
CREATE INDEX contact_consent ON contact (org_id, consent, id);

-- The identities that hold only within one of Meta's business portfolios.
CREATE TABLE contact_identity (
    org_id UUID NOT NULL,
    portfolio TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    contact_id UUID NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, portfolio, kind, value)
);
CREATE INDEX contact_identity_contact ON contact_identity (org_id, contact_id);

-- What happened to a contact's identities: numbers that changed, contacts that turned out to be one.
CREATE TABLE contact_history (
    org_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, contact_id, at, kind, detail)
);

CREATE TABLE field (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX field_name ON field (org_id, name);

CREATE TABLE contact_field (
    org_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    field_id UUID NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, contact_id, field_id)
);

CREATE TABLE label (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX label_name ON label (org_id, name_fold);

CREATE TABLE contact_label (
    org_id UUID NOT NULL,
    label_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    PRIMARY KEY (org_id, label_id, contact_id)
);
CREATE INDEX contact_label_contact ON contact_label (org_id, contact_id, label_id);

-- The ledger of consent: entries are only ever added.
CREATE TABLE consent (
    org_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    purpose TEXT NOT NULL,
    source TEXT NOT NULL,
    wording TEXT NOT NULL,
    PRIMARY KEY (org_id, contact_id, id)
);

CREATE TABLE template (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    waba_id UUID NOT NULL,
    meta_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    category TEXT NOT NULL,
    status TEXT NOT NULL,
    quality TEXT NOT NULL,
    rejected_reason TEXT,
    version INTEGER NOT NULL,
    synced_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX template_name ON template (org_id, waba_id, name, language);
CREATE INDEX template_listed ON template (org_id, name, language, id);

-- A version is kept as long as a campaign or a thread may show it.
CREATE TABLE template_version (
    org_id UUID NOT NULL,
    template_id UUID NOT NULL,
    version INTEGER NOT NULL,
    parameter_format TEXT NOT NULL,
    components TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, template_id, version)
);

CREATE TABLE campaign (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    number_id UUID NOT NULL,
    template_id UUID NOT NULL,
    template_version INTEGER NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    paused_reason TEXT,
    -- The definition as JSON: audience, variables, header media, rules. Never read by SQL.
    definition TEXT NOT NULL,
    -- While planning: the last contact that has its row. A frozen audience is resumed, never doubled.
    plan_after UUID,
    planned BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX campaign_unfinished ON campaign (number_id, id) WHERE finished_at IS NULL;

-- The ledger: one row per person a campaign was planned for. States and reasons are numbers because
-- a higher state never gives way to a lower one, which SQL then can say.
CREATE TABLE recipient (
    org_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    contact_id UUID NOT NULL,
    address TEXT NOT NULL,
    variables TEXT,
    state SMALLINT NOT NULL,
    reason INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    wamid TEXT,
    billing TEXT,
    accepted_at BIGINT,
    sent_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    failed_at BIGINT,
    PRIMARY KEY (org_id, campaign_id, seq)
) WITH (fillfactor = 70);
CREATE INDEX recipient_contact ON recipient (org_id, contact_id, campaign_id);

-- The unit of lease. Rows of a leased chunk below next_seq may have been sent; rows from next_seq on
-- surely were not: next_seq is moved, durably, before anything is sent.
CREATE TABLE chunk (
    org_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    no BIGINT NOT NULL,
    number_id UUID NOT NULL,
    next_seq BIGINT NOT NULL,
    end_seq BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    lease BIGINT NOT NULL,
    -- The lowest seq that was handed out under the present lease.
    leased_from BIGINT NOT NULL,
    PRIMARY KEY (org_id, campaign_id, no)
);
CREATE INDEX chunk_leased ON chunk (number_id, lease) WHERE state = 1;
CREATE INDEX chunk_unfinished ON chunk (org_id, campaign_id, state, no) WHERE state < 2;

-- Recipients that need another look: to be tried again, in an attempt, or uncertain.
CREATE TABLE follow_up (
    org_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    number_id UUID NOT NULL,
    kind SMALLINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Between these two moments the attempt was made.
    began_at BIGINT NOT NULL,
    attempted_at BIGINT NOT NULL,
    lease BIGINT NOT NULL,
    PRIMARY KEY (org_id, campaign_id, seq)
);
CREATE INDEX follow_up_due ON follow_up (number_id, kind, due_at);
CREATE INDEX follow_up_any_due ON follow_up (due_at);

-- Counts by state and reason. Each kind of writer has a slot of its own, so that writers do not wait
-- for each other's row; the count is the sum of the slots.
CREATE TABLE campaign_count (
    org_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    slot SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    reason INTEGER NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, campaign_id, slot, state, reason)
);

CREATE TABLE thread (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    number_id UUID NOT NULL,
    last_message_at BIGINT NOT NULL,
    last_inbound_at BIGINT,
    last_line TEXT NOT NULL,
    unread BIGINT NOT NULL,
    conversation_id UUID,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX thread_contact ON thread (org_id, contact_id, number_id);
CREATE INDEX thread_latest ON thread (org_id, last_message_at, id);
CREATE INDEX thread_open ON thread (org_id, last_message_at, id) WHERE conversation_id IS NOT NULL;

CREATE TABLE conversation (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    thread_id UUID NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    resolved_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX conversation_thread ON conversation (org_id, thread_id, opened_at);

CREATE TABLE message (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    thread_id UUID NOT NULL,
    number_id UUID NOT NULL,
    state SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    -- What a person reads of it.
    text TEXT NOT NULL,
    -- The whole of it as JSON, in Meta's shape.
    content TEXT NOT NULL,
    address TEXT NOT NULL,
    wamid TEXT COLLATE "C",
    reply_to TEXT,
    attempt INTEGER NOT NULL,
    error_code INTEGER,
    error_details TEXT,
    lease BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    began_at BIGINT,
    attempted_at BIGINT,
    sent_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    failed_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX message_thread ON message (org_id, thread_id, created_at, id);
CREATE UNIQUE INDEX message_wamid ON message (org_id, wamid) WHERE wamid IS NOT NULL;
CREATE INDEX message_unfinished ON message (number_id, state, due_at) WHERE state < 3;

-- Every webhook as it came, one entry per WABA in it. Rows are never changed.
CREATE TABLE journal (
    id BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    waba TEXT COLLATE "C",
    received_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX journal_waba ON journal (waba, id);
CREATE INDEX journal_age ON journal (received_at);

-- Entries whose effects are still to come. An entry leaves in the transaction that applies it.
CREATE TABLE journal_todo (
    id BIGINT NOT NULL PRIMARY KEY
);

-- Entries that could not be applied: set aside with their error, to be replayed.
CREATE TABLE journal_failed (
    id BIGINT NOT NULL PRIMARY KEY,
    waba TEXT COLLATE "C",
    at BIGINT NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX journal_failed_waba ON journal_failed (waba, id);

-- Who owns what, until when. The token grows with every owner: a late owner's writes are refused.
CREATE TABLE lease (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    token BIGINT NOT NULL,
    until BIGINT NOT NULL
);

-- Since when this installation can hear Meta, and how long it was deaf before.
CREATE TABLE hearing (
    id SMALLINT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    deaf_us BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE TABLE job (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    input TEXT NOT NULL,
    progress TEXT NOT NULL,
    error TEXT,
    attempts INTEGER NOT NULL,
    run_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX job_due ON job (run_at, id) WHERE finished_at IS NULL;

-- Answers to writes that carried an Idempotency-Key.
CREATE TABLE idempotency (
    org_id UUID NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request_hash BYTEA NOT NULL,
    status INTEGER,
    body BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
