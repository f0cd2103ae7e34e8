-- What products and their customers manage, beside the events themselves.

-- Settings of a project as one document, as an endpoint's.
ALTER TABLE projects ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- A key's kind: 1 an API key, 2 a portal token, 3 a root key added through the API. rate_limit is in requests per second.
ALTER TABLE keys ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
ALTER TABLE keys ADD COLUMN rate_limit INTEGER;
ALTER TABLE keys ADD COLUMN last_used_at INTEGER;
CREATE INDEX keys_portal ON keys (project_id, account_id) WHERE kind = 2;
CREATE INDEX keys_portal_ended ON keys (expires_at) WHERE kind = 2;

-- What a project says of its event types; event_types only numbers their names.
CREATE TABLE catalogue (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL,
    name       TEXT NOT NULL,
    document   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (project_id, name)
);
CREATE INDEX catalogue_by_project ON catalogue (project_id, id);

-- How endpoints are doing, written when it changes: since when all fails, and what the breaker does,
-- why, until when, and since when (breaker_at).
CREATE TABLE endpoint_health (
    endpoint_id    INTEGER PRIMARY KEY,
    project_id     INTEGER NOT NULL,
    failing_since  INTEGER,
    breaker        INTEGER NOT NULL DEFAULT 0,
    breaker_reason TEXT,
    breaker_until  INTEGER,
    breaker_at     INTEGER
);
-- A node reads them all now and then: of those that do well there are most, and none is among them.
CREATE INDEX endpoint_health_unwell ON endpoint_health (endpoint_id) WHERE failing_since IS NOT NULL OR breaker <> 0;

-- Operational events that are still to be published, written with what they tell of.
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    body       TEXT NOT NULL,
    made_at    INTEGER NOT NULL
);

-- Long work that survives a restart: replays, broadcasts, purges. place is the last row done.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT NOT NULL UNIQUE,
    project_id   INTEGER NOT NULL,
    account_id   INTEGER,
    kind         INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    spec         TEXT NOT NULL,
    progress     TEXT NOT NULL,
    place        INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    lease        INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_project ON jobs (project_id, kind, id);
CREATE INDEX jobs_open ON jobs (id) WHERE finished_at IS NULL;

-- Counts of a minute, an hour or a day (width, in seconds) of a project ('') or of one of its
-- accounts ('a:1'), endpoints ('e:1') or event types ('t:user.created'). What is written at the same time lies side by
-- side, and so does what grows old.
CREATE TABLE rollups (
    project_id INTEGER NOT NULL,
    subject    TEXT NOT NULL,
    width      INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    counts     BLOB NOT NULL,
    PRIMARY KEY (width, start, project_id, subject)
) WITHOUT ROWID;

-- Who changed what. Rows are numbered by time: milliseconds, and 20 bits that tell them apart.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER,
    account_id INTEGER,
    document   TEXT NOT NULL
);
CREATE INDEX audit_by_project ON audit (project_id);
CREATE INDEX audit_by_account ON audit (project_id, account_id);

-- Deliveries that were made after their event was accepted, by a replay of missing ones.
CREATE TABLE late_deliveries (
    event_id    INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    PRIMARY KEY (event_id, delivery_id)
) WITHOUT ROWID;

-- For endpoints that receive in order, and for what waits longest.
CREATE INDEX deliveries_in_order ON deliveries (endpoint_id, id) WHERE state <= 9 AND due_at IS NOT NULL;
-- Few rows are in these states: lists of them are not looked for among all.
CREATE INDEX deliveries_failed ON deliveries (id) WHERE state = 11;
CREATE INDEX deliveries_cancelled ON deliveries (id) WHERE state = 12;
CREATE INDEX deliveries_waiting ON deliveries (id) WHERE state <= 9 AND due_at IS NOT NULL;
