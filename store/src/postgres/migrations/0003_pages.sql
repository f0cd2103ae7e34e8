-- What people's browsers hold: sessions of those who signed in, and links into the portal.

-- A session (kind 4) works no longer than the key that it was opened with. What a portal token knows beside its account is one document.
ALTER TABLE keys ADD COLUMN parent_id bigint;
ALTER TABLE keys ADD COLUMN portal text;
-- A portal token whose link was not followed yet: nobody has the token before.
ALTER TABLE keys ADD COLUMN link_hash bytea;
ALTER TABLE keys ADD COLUMN link_until bigint;
CREATE INDEX keys_sessions ON keys (id) WHERE kind = 4;
CREATE INDEX keys_sessions_by_project ON keys (project_id, id) WHERE kind = 4;
CREATE INDEX keys_sessions_ended ON keys (expires_at) WHERE kind = 4;
CREATE INDEX keys_by_parent ON keys (project_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE UNIQUE INDEX keys_by_link ON keys (link_hash) WHERE link_hash IS NOT NULL;
