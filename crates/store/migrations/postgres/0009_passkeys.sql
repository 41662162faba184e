-- Passkeys of people: credential is what the library keeps of one, as JSON.
CREATE TABLE passkey (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    credential_id BYTEA NOT NULL,
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkey_of_user ON passkey (user_id, id);
CREATE UNIQUE INDEX passkey_credential ON passkey (credential_id);

-- Questions that were put to an authenticator and wait for its answer; each is good once. user_id is set when a
-- passkey is to be added to that person.
CREATE TABLE passkey_question (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_question_expires ON passkey_question (expires_at);
