-- What people's browsers hold: sessions of those who signed in, and links into the portal.

-- A session (kind 4) works no longer than the key that it was opened with. What a portal token knows beside its account is one document.
ALTER TABLE keys ADD COLUMN parent_id INTEGER;
ALTER TABLE keys ADD COLUMN portal TEXT;
-- A portal token whose link was not followed yet: nobody has the token before.
ALTER TABLE keys ADD COLUMN link_hash BLOB;
ALTER TABLE keys ADD COLUMN link_until INTEGER;
CREATE INDEX keys_sessions ON keys (kind) WHERE kind = 4;
CREATE INDEX keys_sessions_by_project ON keys (project_id) WHERE kind = 4;
CREATE INDEX keys_sessions_ended ON keys (expires_at) WHERE kind = 4;
CREATE INDEX keys_by_parent ON keys (parent_id) WHERE parent_id IS NOT NULL;
CREATE UNIQUE INDEX keys_by_link ON keys (link_hash) WHERE link_hash IS NOT NULL;
