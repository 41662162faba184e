-- An organization may ask for a second factor of its members. A session says whether it was proven by one: a
-- passkey, or a code beside the password.
ALTER TABLE organization ADD COLUMN second_factor_required INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN two_factors INTEGER NOT NULL DEFAULT 0;

-- Where an app is in use nobody signs in without its code.
UPDATE session SET two_factors = 1
WHERE user_id IN (SELECT user_id FROM second_factor WHERE confirmed_at IS NOT NULL);

-- What an operator did to a person's account, and why.
CREATE TABLE account_record (
    user_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (user_id, at, what)
) WITHOUT ROWID, STRICT;
