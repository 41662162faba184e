-- A second proof at sign-in: codes of an app, and recovery codes for when it is lost.

-- secret is sealed; last_step is the newest code that was used, so that none works twice.
CREATE TABLE second_factor (
    user_id UUID NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    user_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);
