-- People, how they prove who they are, and the e-mails that this takes.

-- email_fold: all spellings that count as one address. Nobody gets a row before the address is proven.
CREATE TABLE user_account (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_fold TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    country TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX user_account_email ON user_account (email_fold);

-- What a person has asked for at sign-up, until the address is proven. Several may claim one address.
CREATE TABLE sign_up (
    token_hash BLOB NOT NULL PRIMARY KEY,
    email_fold TEXT NOT NULL,
    wanted TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX sign_up_email ON sign_up (email_fold);
CREATE INDEX sign_up_expires ON sign_up (expires_at);

-- Links that were sent by e-mail: each opens one thing, once.
CREATE TABLE mailed_link (
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    purpose TEXT NOT NULL,
    detail TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX mailed_link_user ON mailed_link (user_id, purpose);
CREATE INDEX mailed_link_expires ON mailed_link (expires_at);

CREATE TABLE policy_acceptance (
    user_id BLOB NOT NULL,
    policy TEXT NOT NULL,
    version TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    ip TEXT NOT NULL,
    PRIMARY KEY (user_id, policy, version)
) WITHOUT ROWID, STRICT;

-- One sign-in of a person. A removed session is a deleted row.
CREATE TABLE session (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    org_id BLOB,
    ip TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX session_token ON session (token_hash);
CREATE INDEX session_of_user ON session (user_id, id);
CREATE INDEX session_ends ON session (ends_at);

-- Browsers on which a person has signed in before: strangers' guesses do not slow them.
CREATE TABLE known_device (
    user_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, token_hash)
) WITHOUT ROWID, STRICT;
CREATE INDEX known_device_seen ON known_device (seen_at);

-- Guesses in a row, by what they have in common. The key is a hash: no addresses are kept here.
CREATE TABLE throttle (
    key BLOB NOT NULL PRIMARY KEY,
    guesses INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX throttle_last ON throttle (last_at);

-- E-mails to be sent; the sealed content holds address, subject and text.
CREATE TABLE mail (
    id BLOB NOT NULL PRIMARY KEY,
    content BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX mail_run ON mail (run_at);
