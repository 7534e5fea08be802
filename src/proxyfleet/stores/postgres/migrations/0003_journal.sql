-- Sources of proxies with their ledgers, the proxies that free ones have named, health of all nodes, events, jobs and locks.

-- `feeds` is the sealed JSON of an own source's addresses, which may hold keys; a built-in source has neither it nor a definition.
CREATE TABLE sources (
    name         text PRIMARY KEY CHECK (name <> ''),
    uuid         bytea NOT NULL CHECK (length(uuid) = 16),
    definition   text,
    feeds        text CHECK (feeds LIKE 'pf1.%'),
    switched     boolean,
    because      text,
    read         bigint NOT NULL DEFAULT 0,
    valid        bigint NOT NULL DEFAULT 0,
    new          bigint NOT NULL DEFAULT 0,
    total_new    bigint NOT NULL DEFAULT 0,
    alive        bigint NOT NULL DEFAULT 0,
    attempts     bigint NOT NULL DEFAULT 0,
    failures     bigint NOT NULL DEFAULT 0,
    last_attempt float8,
    last_success float8,
    last_error   text,
    next_due     float8 NOT NULL DEFAULT 0,
    validators   text
);

-- One row for each proxy that came from a free source; `sources` are the names of those that named it.
CREATE TABLE found (
    proxy   bigint PRIMARY KEY REFERENCES proxies (id) ON DELETE CASCADE,
    sources text[] NOT NULL,
    trusted boolean NOT NULL,
    added   float8 NOT NULL,
    worked  float8
);

-- What all nodes together have learnt about each proxy: sums that fade by half in ten minutes. `bins` is a JSON object.
CREATE TABLE health_sums (
    proxy_id  bigint PRIMARY KEY REFERENCES proxies (id) ON DELETE CASCADE,
    tries     float8 NOT NULL,
    successes float8 NOT NULL,
    seconds   float8 NOT NULL,
    bins      text NOT NULL,
    at        float8 NOT NULL
);

CREATE INDEX health_sums_at ON health_sums (at);

-- Numbers are given behind the lock of the inventory, so that a greater one is never seen before a smaller one.
CREATE TABLE events (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what    text NOT NULL,
    at      float8 NOT NULL,
    proxy   bigint NOT NULL,
    target  text,
    reason  text NOT NULL,
    until   float8 NOT NULL,
    subject text NOT NULL,
    count   bigint NOT NULL
);

CREATE INDEX events_by_time ON events (at);

CREATE TABLE locks (
    name   text PRIMARY KEY,
    holder text NOT NULL,
    until  float8 NOT NULL
);

CREATE TABLE jobs (
    name     text PRIMARY KEY,
    every    float8 NOT NULL,
    longest  float8 NOT NULL,
    next_run float8 NOT NULL,
    started  float8,
    took     float8,
    result   text NOT NULL,
    told     text NOT NULL,
    holder   text NOT NULL,
    last_ok  float8
);
