-- A second way in: desktop clients and programs of a person hold a key of their own and a token that changes at
-- every use. device_key is set for those, an Ed25519 public key; their token_hash is of the present refresh token.
ALTER TABLE session ADD COLUMN device TEXT;
ALTER TABLE session ADD COLUMN device_key BYTEA;

-- Refresh tokens that were used. Whoever shows one again ends its session.
CREATE TABLE spent_token (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX spent_token_ends ON spent_token (ends_at);

-- What access tokens are signed with, sealed. A key signs for a time and is believed a little longer.
CREATE TABLE signing_key (
    id UUID NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL,
    signs_until BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
