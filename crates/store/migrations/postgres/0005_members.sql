-- Who works in which organization, and what they may do there; keys that may do less than everything.

-- role_id is set when role is 'custom'.
CREATE TABLE member (
    org_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    role_id UUID,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX member_of_user ON member (user_id, org_id);

CREATE TABLE role (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    permissions TEXT NOT NULL,
    visibility TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX role_name ON role (org_id, name_fold);

CREATE TABLE team (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX team_name ON team (org_id, name_fold);

CREATE TABLE team_member (
    org_id UUID NOT NULL,
    team_id UUID NOT NULL,
    user_id UUID NOT NULL,
    PRIMARY KEY (org_id, team_id, user_id)
);
CREATE INDEX team_member_user ON team_member (org_id, user_id, team_id);

CREATE TABLE invitation (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    email TEXT NOT NULL,
    email_fold TEXT COLLATE "C" NOT NULL,
    role TEXT NOT NULL,
    role_id UUID,
    token_hash BYTEA NOT NULL,
    invited_by UUID NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX invitation_email ON invitation (org_id, email_fold);
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);

CREATE TABLE billing_address (
    org_id UUID NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

ALTER TABLE thread ADD COLUMN assigned_to UUID;
CREATE INDEX thread_assigned ON thread (org_id, assigned_to, last_message_at, id);

-- permissions: words parted by spaces, '*' for all; networks likewise, '' for any.
ALTER TABLE api_key ADD COLUMN permissions TEXT NOT NULL DEFAULT '*';
ALTER TABLE api_key ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN created_by UUID;
ALTER TABLE api_key ADD COLUMN expires_at BIGINT;
ALTER TABLE api_key ADD COLUMN last_used_at BIGINT;
