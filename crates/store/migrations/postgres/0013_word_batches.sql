-- New words wait in a list of their own until the batch is complete, and are then sorted in together: a third of the time
-- and of the log. Whoever adds a batch does that right away, so that searches find the list empty.
ALTER INDEX message_words_words SET (fastupdate = on);
