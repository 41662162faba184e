-- People, how they prove who they are, and the e-mails that this takes.

-- email_fold: all spellings that count as one address. Nobody gets a row before the address is proven.
CREATE TABLE user_account (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_fold TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    country TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_account_email ON user_account (email_fold);

-- What a person has asked for at sign-up, until the address is proven. Several may claim one address.
CREATE TABLE sign_up (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    email_fold TEXT COLLATE "C" NOT NULL,
    wanted TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_up_email ON sign_up (email_fold);
CREATE INDEX sign_up_expires ON sign_up (expires_at);

-- Links that were sent by e-mail: each opens one thing, once.
CREATE TABLE mailed_link (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    detail TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mailed_link_user ON mailed_link (user_id, purpose);
CREATE INDEX mailed_link_expires ON mailed_link (expires_at);

CREATE TABLE policy_acceptance (
    user_id UUID NOT NULL,
    policy TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    accepted_at BIGINT NOT NULL,
    ip TEXT NOT NULL,
    PRIMARY KEY (user_id, policy, version)
);

-- One sign-in of a person. A removed session is a deleted row.
CREATE TABLE session (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    org_id UUID,
    ip TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX session_token ON session (token_hash);
CREATE INDEX session_of_user ON session (user_id, id);
CREATE INDEX session_ends ON session (ends_at);

-- Browsers on which a person has signed in before: strangers' guesses do not slow them.
CREATE TABLE known_device (
    user_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, token_hash)
);
CREATE INDEX known_device_seen ON known_device (seen_at);

-- Guesses in a row, by what they have in common. The key is a hash: no addresses are kept here.
CREATE TABLE throttle (
    key BYTEA NOT NULL PRIMARY KEY,
    guesses BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);
CREATE INDEX throttle_last ON throttle (last_at);

-- E-mails to be sent; the sealed content holds address, subject and text.
CREATE TABLE mail (
    id UUID NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL,
    attempts BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX mail_run ON mail (run_at);
