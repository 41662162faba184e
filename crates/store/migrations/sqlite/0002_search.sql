-- The words of messages, indexed some time after the message is written.

-- Messages whose text is not in the index yet. A row leaves in the transaction that indexes it.
CREATE TABLE message_unindexed (
    org_id BLOB NOT NULL,
    message_id BLOB NOT NULL,
    PRIMARY KEY (org_id, message_id)
) WITHOUT ROWID, STRICT;
INSERT INTO message_unindexed (org_id, message_id) SELECT org_id, id FROM message WHERE text <> '';

-- Each organization's part of the index: its ordinals are (space << 40) + 1 and up.
CREATE TABLE message_index (
    org_id BLOB NOT NULL PRIMARY KEY,
    space INTEGER NOT NULL,
    last_ordinal INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX message_index_space ON message_index (space);

-- What stands in the index under which ordinal. Greater ordinals came later.
CREATE TABLE message_search (
    org_id BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    message_id BLOB NOT NULL,
    thread_id BLOB NOT NULL,
    PRIMARY KEY (org_id, ordinal)
) WITHOUT ROWID, STRICT;
CREATE INDEX message_search_thread ON message_search (org_id, thread_id, ordinal);

-- The words, by ordinal. They come split and folded, so the tokenizer only has to part them at spaces.
CREATE VIRTUAL TABLE message_words USING fts5(
    words, content='', contentless_delete=1, tokenize='ascii', prefix='2 3 4'
);
