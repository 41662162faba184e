-- An organization may ask for a second factor of its members. A session says whether it was proven by one: a
-- passkey, or a code beside the password.
ALTER TABLE organization ADD COLUMN second_factor_required BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN two_factors BIGINT NOT NULL DEFAULT 0;

-- Where an app is in use nobody signs in without its code.
UPDATE session SET two_factors = 1
WHERE user_id IN (SELECT user_id FROM second_factor WHERE confirmed_at IS NOT NULL);

-- What an operator did to a person's account, and why.
CREATE TABLE account_record (
    user_id UUID NOT NULL,
    at BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (user_id, at, what)
);
