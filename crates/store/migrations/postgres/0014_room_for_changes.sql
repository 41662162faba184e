-- A recipient's row changes four times within seconds. With room for that in its page the indexes stay as they are: half
-- of their size, and less log.
ALTER TABLE recipient SET (fillfactor = 45);

-- Webhooks of many statuses are compressed; pglz takes longer for that than for all else that is done to keep them.
DO $$
BEGIN
    ALTER TABLE journal ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION
    -- A server built without it: as before.
    WHEN feature_not_supported THEN NULL;
END
$$;
