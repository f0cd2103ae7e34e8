-- Since when an endpoint has its status. Of those that were there before, and of those that a node of the version before makes,
-- it is known only that it is no later than their last change.
ALTER TABLE endpoints ADD COLUMN status_since bigint;
UPDATE endpoints SET status_since = updated_at;
