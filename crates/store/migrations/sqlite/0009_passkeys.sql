-- Passkeys of people: credential is what the library keeps of one, as JSON.
CREATE TABLE passkey (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    name TEXT NOT NULL,
    credential_id BLOB NOT NULL,
    credential TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) WITHOUT ROWID, STRICT;
CREATE INDEX passkey_of_user ON passkey (user_id, id);
CREATE UNIQUE INDEX passkey_credential ON passkey (credential_id);

-- Questions that were put to an authenticator and wait for its answer; each is good once. user_id is set when a
-- passkey is to be added to that person.
CREATE TABLE passkey_question (
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX passkey_question_expires ON passkey_question (expires_at);
