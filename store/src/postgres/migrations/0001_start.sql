-- Every table of customers' data is led by project_id, and nothing refers across projects: a
-- database that spreads tables by a column can spread these.
-- Row ids of events and deliveries are made by the nodes, see row_ids.rs: a range of ids is a range
-- of time, which is what partitions are cut by. State codes are those of core/src/state.rs.

CREATE TABLE meta (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);

-- What every node's master key must open.
CREATE TABLE seal (
    one   boolean PRIMARY KEY CHECK (one),
    proof bytea NOT NULL
);

CREATE TABLE projects (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id  text NOT NULL UNIQUE,
    name       text NOT NULL,
    profile    text NOT NULL,
    livemode   boolean NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint
);

CREATE TABLE accounts (
    project_id bigint NOT NULL,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    public_id  text NOT NULL,
    name       text,
    created_at bigint NOT NULL,
    deleted_at bigint,
    PRIMARY KEY (project_id, id)
);
-- A deleted account's id may be used again.
CREATE UNIQUE INDEX accounts_by_public_id ON accounts (project_id, public_id) WHERE deleted_at IS NULL;

-- A root key's project is 0.
CREATE TABLE keys (
    project_id bigint NOT NULL,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    public_id  text NOT NULL,
    account_id bigint,
    name       text,
    hash       bytea NOT NULL,
    hint       text NOT NULL,
    scopes     bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, public_id)
);
CREATE UNIQUE INDEX keys_by_hash ON keys (hash);
CREATE INDEX keys_by_owner ON keys (project_id, account_id, id);

CREATE TABLE endpoints (
    project_id    bigint NOT NULL,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    account_id    bigint NOT NULL,
    public_id     text NOT NULL,
    settings      text NOT NULL,
    secrets       bytea NOT NULL,
    status        smallint NOT NULL,
    status_reason text,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL,
    deleted_at    bigint,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, public_id)
);
CREATE INDEX endpoints_by_account ON endpoints (project_id, account_id, id);
CREATE INDEX endpoints_by_id ON endpoints (id);

-- The deliveries that an event was accepted with are the rows
-- first_delivery .. first_delivery + fanout.
CREATE TABLE events (
    project_id     bigint NOT NULL,
    id             bigint NOT NULL,
    account_id     bigint NOT NULL,
    event_type     text NOT NULL,
    accepted_at    bigint NOT NULL,
    time           bigint,
    given_id       text,
    extra          text,
    first_delivery bigint NOT NULL,
    fanout         integer NOT NULL,
    payload        bytea,
    PRIMARY KEY (project_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX events_by_account ON events (project_id, account_id, id);

-- Given ids ("i:...") and idempotency keys ("k:..."), with a fingerprint of what they were used for.
CREATE TABLE event_names (
    project_id  bigint NOT NULL,
    name        text NOT NULL,
    event_id    bigint NOT NULL,
    fingerprint bytea NOT NULL,
    PRIMARY KEY (project_id, name)
);
CREATE INDEX event_names_by_event ON event_names (event_id);

-- due_at is NULL until the first failure, unless the delivery waits in the store from the start;
-- while a claim is held it is the claim's end, so that an expired lease is simply due again.
-- No index holds the state, and a first success changes no indexed column: it rewrites the row
-- within its page and touches no index. The pages are filled sparsely to have room for that.
CREATE TABLE deliveries (
    project_id      bigint NOT NULL,
    id              bigint NOT NULL,
    event_id        bigint NOT NULL,
    endpoint_id     bigint NOT NULL,
    created_at      bigint NOT NULL,
    lease           bigint NOT NULL,
    due_at          bigint,
    first_failed_at bigint,
    finished_at     bigint,
    attempts        integer NOT NULL,
    failed_attempts integer NOT NULL,
    state           smallint NOT NULL,
    last_class      smallint,
    last_status     smallint,
    first_attempt   bytea,
    PRIMARY KEY (project_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_leased ON deliveries (lease) WHERE due_at IS NOT NULL AND lease > 0;
-- A lost node's first attempts are looked for in the range of time in which they can be.
CREATE INDEX deliveries_by_time ON deliveries USING brin (id) WITH (pages_per_range = 64);

-- Every attempt but the first.
CREATE TABLE attempts (
    project_id  bigint NOT NULL,
    delivery_id bigint NOT NULL,
    number      integer NOT NULL,
    body        bytea NOT NULL,
    PRIMARY KEY (project_id, delivery_id, number)
) PARTITION BY RANGE (delivery_id);

-- What lies outside every day: the survivors of days that were dropped.
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE TABLE deliveries_rest PARTITION OF deliveries DEFAULT WITH (fillfactor = 24);
CREATE TABLE attempts_rest PARTITION OF attempts DEFAULT;

-- Attempts that a person asked for and that have not been made yet.
CREATE TABLE resends (
    project_id  bigint NOT NULL,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    delivery_id bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    lease       bigint NOT NULL,
    due_at      bigint NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX resends_due ON resends (endpoint_id, due_at);
CREATE INDEX resends_by_delivery ON resends (delivery_id, lease);

-- What the nodes tell one another: which routing facts moved, in the order of their commits.
CREATE TABLE changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        smallint NOT NULL,
    project_id  bigint NOT NULL,
    account_id  bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now()
);

-- The living nodes. A node that is not seen for a while is moved to lost_nodes by another one.
CREATE SEQUENCE node_ids;
CREATE TABLE nodes (
    id         bigint PRIMARY KEY,
    slot       smallint NOT NULL UNIQUE,
    low_water  bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lost_nodes (
    id        bigint PRIMARY KEY,
    low_water bigint NOT NULL,
    lost_at   timestamptz NOT NULL DEFAULT now()
);

-- Lanes that one node at a time may work on.
CREATE TABLE lane_owners (
    project_id  bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    node_id     bigint NOT NULL,
    PRIMARY KEY (project_id, endpoint_id)
);
CREATE INDEX lane_owners_by_node ON lane_owners (node_id);
