-- Who works in which organization, and what they may do there; keys that may do less than everything.

-- role_id is set when role is 'custom'.
CREATE TABLE member (
    org_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role TEXT NOT NULL,
    role_id BLOB,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, user_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX member_of_user ON member (user_id, org_id);

CREATE TABLE role (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    permissions TEXT NOT NULL,
    visibility TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX role_name ON role (org_id, name_fold);

CREATE TABLE team (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX team_name ON team (org_id, name_fold);

CREATE TABLE team_member (
    org_id BLOB NOT NULL,
    team_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (org_id, team_id, user_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX team_member_user ON team_member (org_id, user_id, team_id);

CREATE TABLE invitation (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_fold TEXT NOT NULL,
    role TEXT NOT NULL,
    role_id BLOB,
    token_hash BLOB NOT NULL,
    invited_by BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX invitation_email ON invitation (org_id, email_fold);
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);

CREATE TABLE billing_address (
    org_id BLOB NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

ALTER TABLE thread ADD COLUMN assigned_to BLOB;
CREATE INDEX thread_assigned ON thread (org_id, assigned_to, last_message_at, id);

-- permissions: words parted by spaces, '*' for all; networks likewise, '' for any.
ALTER TABLE api_key ADD COLUMN permissions TEXT NOT NULL DEFAULT '*';
ALTER TABLE api_key ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN created_by BLOB;
ALTER TABLE api_key ADD COLUMN expires_at INTEGER;
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;
