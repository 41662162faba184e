-- A word's list in the index now is one of many, a stretch of messages each; so the words are put in anew, in the
-- background, the oldest messages first.
INSERT INTO message_unindexed (org_id, message_id) SELECT org_id, message_id FROM message_search
    ON CONFLICT DO NOTHING;
TRUNCATE message_search, message_words;
