-- What products and their customers manage, beside the events themselves.

-- Settings of a project as one document, as an endpoint's.
ALTER TABLE projects ADD COLUMN settings text NOT NULL DEFAULT '{}';

-- A key's kind: 1 an API key, 2 a portal token, 3 a root key added through the API. rate_limit is in requests per second.
ALTER TABLE keys ADD COLUMN kind smallint NOT NULL DEFAULT 1;
ALTER TABLE keys ADD COLUMN rate_limit integer;
ALTER TABLE keys ADD COLUMN last_used_at bigint;
CREATE INDEX keys_by_id ON keys (id);
CREATE INDEX keys_portal ON keys (project_id, account_id, id) WHERE kind = 2;
CREATE INDEX keys_portal_ended ON keys (expires_at) WHERE kind = 2;

-- What a project says of its event types; event_types only numbers their names.
CREATE TABLE catalogue (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id bigint NOT NULL,
    name       text NOT NULL,
    document   text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (project_id, name)
);
CREATE INDEX catalogue_by_project ON catalogue (project_id, id);

-- How endpoints are doing, written when it changes: since when all fails, and what the breaker does,
-- why, until when, and since when (breaker_at).
CREATE TABLE endpoint_health (
    project_id     bigint NOT NULL,
    endpoint_id    bigint NOT NULL,
    failing_since  bigint,
    breaker        smallint NOT NULL DEFAULT 0,
    breaker_reason text,
    breaker_until  bigint,
    breaker_at     bigint,
    PRIMARY KEY (project_id, endpoint_id)
);
-- A node reads them all now and then: of those that do well there are most, and none is among them.
CREATE INDEX endpoint_health_unwell ON endpoint_health (endpoint_id) WHERE failing_since IS NOT NULL OR breaker <> 0;

-- Operational events that are still to be published, written with what they tell of.
CREATE TABLE notices (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id bigint NOT NULL,
    event_type text NOT NULL,
    body       text NOT NULL,
    made_at    bigint NOT NULL
);

-- Long work that survives a restart: replays, broadcasts, purges. place is the last row done.
CREATE TABLE jobs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id    text NOT NULL UNIQUE,
    project_id   bigint NOT NULL,
    account_id   bigint,
    kind         smallint NOT NULL,
    state        smallint NOT NULL,
    spec         text NOT NULL,
    progress     text NOT NULL,
    place        bigint NOT NULL,
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL,
    finished_at  bigint,
    lease        bigint NOT NULL DEFAULT 0,
    leased_until bigint NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_project ON jobs (project_id, kind, id);
CREATE INDEX jobs_open ON jobs (id) WHERE finished_at IS NULL;

-- Counts of a minute, an hour or a day (width, in seconds) of a project ('') or of one of its
-- accounts ('a:1'), endpoints ('e:1') or event types ('t:user.created'). What is written at the same time lies side by side.
CREATE TABLE rollups (
    project_id bigint NOT NULL,
    subject    text NOT NULL,
    width      integer NOT NULL,
    start      bigint NOT NULL,
    counts     bytea NOT NULL,
    PRIMARY KEY (project_id, width, start, subject)
);
CREATE INDEX rollups_by_age ON rollups (width, start);

-- Who changed what. Rows are numbered by time: milliseconds, and 20 bits that tell them apart.
CREATE TABLE audit (
    id         bigint PRIMARY KEY,
    project_id bigint,
    account_id bigint,
    document   text NOT NULL
);
CREATE INDEX audit_by_project ON audit (project_id, id);
CREATE INDEX audit_by_account ON audit (project_id, account_id, id);

-- Deliveries that were made after their event was accepted, by a replay of missing ones.
CREATE TABLE late_deliveries (
    project_id  bigint NOT NULL,
    event_id    bigint NOT NULL,
    delivery_id bigint NOT NULL,
    PRIMARY KEY (project_id, event_id, delivery_id)
);
CREATE INDEX late_deliveries_by_event ON late_deliveries (event_id);

-- For endpoints that receive in order, and for what waits longest.
CREATE INDEX deliveries_in_order ON deliveries (endpoint_id, id) WHERE due_at IS NOT NULL;
-- Row ids of several nodes sort by time to a second only.
CREATE INDEX deliveries_in_turn ON deliveries (endpoint_id, created_at, id) WHERE due_at IS NOT NULL;
-- Few rows are in these: lists of them are not looked for among all. Neither holds a column that a
-- first success changes. What is always true of a row keeps other statements from walking all of what
-- waits: only those that say it too can take the index.
CREATE INDEX deliveries_waiting ON deliveries (project_id, id) WHERE due_at IS NOT NULL AND created_at >= 0;
CREATE INDEX deliveries_finished ON deliveries (project_id, id) WHERE finished_at IS NOT NULL;
