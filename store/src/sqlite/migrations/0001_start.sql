-- Rows hold integers; public ids of events and deliveries are made from row and time.
-- State codes are those of core/src/state.rs: live is 9 and below.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE projects (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    profile    TEXT NOT NULL,
    livemode   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
);

CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL,
    public_id  TEXT NOT NULL,
    name       TEXT,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
);
-- A deleted account's id may be used again.
CREATE UNIQUE INDEX accounts_by_public_id ON accounts (project_id, public_id) WHERE deleted_at IS NULL;

CREATE TABLE keys (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT NOT NULL UNIQUE,
    project_id INTEGER,
    account_id INTEGER,
    name       TEXT,
    hash       BLOB NOT NULL UNIQUE,
    hint       TEXT NOT NULL,
    scopes     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
);
CREATE INDEX keys_by_owner ON keys (project_id, account_id);

CREATE TABLE endpoints (
    id            INTEGER PRIMARY KEY,
    project_id    INTEGER NOT NULL,
    account_id    INTEGER NOT NULL,
    public_id     TEXT NOT NULL UNIQUE,
    settings      TEXT NOT NULL,
    secrets       BLOB NOT NULL,
    status        INTEGER NOT NULL,
    status_reason TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    deleted_at    INTEGER
);
CREATE INDEX endpoints_by_account ON endpoints (project_id, account_id);

CREATE TABLE event_types (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL,
    name       TEXT NOT NULL,
    UNIQUE (project_id, name)
);

-- The deliveries that an event was accepted with are the rows
-- first_delivery .. first_delivery + fanout.
CREATE TABLE events (
    id             INTEGER PRIMARY KEY,
    project_id     INTEGER NOT NULL,
    account_id     INTEGER NOT NULL,
    type_id        INTEGER NOT NULL,
    accepted_at    INTEGER NOT NULL,
    time           INTEGER,
    given_id       TEXT,
    extra          TEXT,
    first_delivery INTEGER NOT NULL,
    fanout         INTEGER NOT NULL,
    payload        BLOB
);
-- For lists by account: walked bucket by bucket, so that inserts stay near one another.
CREATE INDEX events_by_account ON events (id >> 16, account_id);

-- Given ids ("i:...") and idempotency keys ("k:..."), with a fingerprint of what they were used for.
CREATE TABLE event_names (
    project_id  INTEGER NOT NULL,
    name        TEXT NOT NULL,
    event_id    INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (project_id, name)
) WITHOUT ROWID;
CREATE INDEX event_names_by_event ON event_names (event_id);

-- due_at is NULL until the first failure, unless the delivery waits in the store from the start;
-- while a claim is held it is the claim's end, so that an expired lease is simply due again.
-- first_attempt has room reserved for the first attempt, see blob.rs.
CREATE TABLE deliveries (
    id              INTEGER PRIMARY KEY,
    event_id        INTEGER NOT NULL,
    endpoint_id     INTEGER NOT NULL,
    state           INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    lease           INTEGER NOT NULL,
    due_at          INTEGER,
    attempts        INTEGER NOT NULL,
    failed_attempts INTEGER NOT NULL,
    first_failed_at INTEGER,
    finished_at     INTEGER,
    last_class      INTEGER,
    last_status     INTEGER,
    first_attempt   BLOB
);
CREATE INDEX deliveries_by_endpoint ON deliveries (id >> 16, endpoint_id);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at) WHERE state <= 9 AND due_at IS NOT NULL;
CREATE INDEX deliveries_leased ON deliveries (lease) WHERE state <= 9 AND due_at IS NOT NULL AND lease > 0;

-- Every attempt but the first.
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL,
    body        BLOB NOT NULL
);
CREATE INDEX attempts_by_delivery ON attempts (delivery_id);

-- Attempts that a person asked for and that have not been made yet.
CREATE TABLE resends (
    id          INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL,
    endpoint_id INTEGER NOT NULL,
    lease       INTEGER NOT NULL,
    due_at      INTEGER NOT NULL
);
CREATE INDEX resends_due ON resends (endpoint_id, due_at);
