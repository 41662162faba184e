-- Of an organization with a limit of messages: how many a number has handed out that have no outcome yet, so that
-- all its numbers together keep to the limit.
CREATE TABLE under_way (
    org_id UUID NOT NULL,
    number_id UUID NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, number_id)
);
