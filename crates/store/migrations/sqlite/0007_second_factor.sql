-- A second proof at sign-in: codes of an app, and recovery codes for when it is lost.

-- secret is sealed; last_step is the newest code that was used, so that none works twice.
CREATE TABLE second_factor (
    user_id BLOB NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE recovery_code (
    user_id BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) WITHOUT ROWID, STRICT;
