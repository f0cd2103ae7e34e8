-- Since when an endpoint has its status. Of those that were there before it is known only that it is no later than their last change.
ALTER TABLE endpoints ADD COLUMN status_since INTEGER NOT NULL DEFAULT 0;
UPDATE endpoints SET status_since = updated_at;
