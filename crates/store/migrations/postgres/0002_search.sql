-- The words of messages, indexed some time after the message is written.

-- Messages whose text is not in the index yet. A row leaves in the transaction that indexes it.
CREATE TABLE message_unindexed (
    org_id UUID NOT NULL,
    message_id UUID NOT NULL,
    PRIMARY KEY (org_id, message_id)
);
INSERT INTO message_unindexed (org_id, message_id) SELECT org_id, id FROM message WHERE text <> '';

-- Each organization's part of the index: its ordinals are (space << 40) + 1 and up.
CREATE TABLE message_index (
    org_id UUID NOT NULL PRIMARY KEY,
    space BIGINT NOT NULL,
    last_ordinal BIGINT NOT NULL
);
CREATE UNIQUE INDEX message_index_space ON message_index (space);

-- What stands in the index under which ordinal. Greater ordinals came later.
CREATE TABLE message_search (
    org_id UUID NOT NULL,
    ordinal BIGINT NOT NULL,
    message_id UUID NOT NULL,
    thread_id UUID NOT NULL,
    PRIMARY KEY (org_id, ordinal)
);
CREATE INDEX message_search_thread ON message_search (org_id, thread_id, ordinal);

-- The words, by ordinal. They come split and folded: no parser or dictionary of PostgreSQL sees them.
CREATE TABLE message_words (
    org_id UUID NOT NULL,
    ordinal BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (org_id, ordinal)
);
-- Rows come in batches; a list of pending entries would only have to be read by every search.
CREATE INDEX message_words_words ON message_words USING gin (words) WITH (fastupdate = off);
