-- The first schema. Sealed columns hold only what the vault writes; `uuid` is what sealed values are bound to.

CREATE TABLE settings (
    name  text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE users (
    name     text PRIMARY KEY,
    key_hash text NOT NULL,
    selector text NOT NULL DEFAULT ''
);

CREATE TABLE keyring (
    kid       text PRIMARY KEY CHECK (length(kid) = 8),
    algorithm text NOT NULL,
    master    text NOT NULL,
    wrapped   bytea NOT NULL,
    state     text NOT NULL CHECK (state IN ('pending', 'primary', 'decrypt_only', 'retired')),
    created   float8 NOT NULL,
    uses      bigint NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX one_primary_key ON keyring (state) WHERE state = 'primary';
CREATE UNIQUE INDEX one_pending_key ON keyring (state) WHERE state = 'pending';

CREATE TABLE proxies (
    id                 bigint PRIMARY KEY,
    uuid               bytea NOT NULL CHECK (length(uuid) = 16),
    family             text NOT NULL CHECK (family IN ('http', 'https', 'socks4', 'socks5')),
    scheme             text NOT NULL CHECK (scheme IN ('http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h')),
    host               text NOT NULL CHECK (host <> ''),
    port               int NOT NULL CHECK (port BETWEEN 1 AND 65535),
    username           text,
    password           text CHECK (password LIKE 'pf1.%'),
    capacity           int CHECK (capacity > 0),
    expires_at         float8,
    status             text NOT NULL CHECK (status IN ('pending', 'active', 'failed', 'disabled')),
    require_check      boolean NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('static', 'rotating')),
    type               text NOT NULL CHECK (type IN ('datacenter', 'residential', 'mobile', 'isp')),
    country            text,
    region             text,
    city               text,
    asn                bigint,
    tags               text,
    provider           text,
    source             text,
    anonymity          text,
    cost_per_month     text,
    cost_per_gb        text,
    currency           text,
    measured_country   text,
    measured_anonymity text,
    max_connections    bigint,
    min_interval       float8,
    target_capacity    bigint,
    refresh_url        text CHECK (refresh_url LIKE 'pf1.%'),
    notes              text,
    exit_address       text,
    protocols          text
);

-- A user name of nobody (NULL) is one identity, not many, and differs from the empty name.
CREATE UNIQUE INDEX proxy_identity ON proxies (host, port, family, (coalesce('u' || username, '')));

-- One row. Whoever changes the inventory locks it first, so there is one at a time; ids come from here and not from a
-- sequence, because a trial that is rolled back must not use any up. `generation` grows whenever the terms of known
-- proxies change or proxies go, under the lock that `take_terms_lock` takes.
CREATE TABLE inventory_state (
    next_id    bigint NOT NULL,
    generation bigint NOT NULL
);
INSERT INTO inventory_state VALUES (1, 1);

-- One row per transaction, known by its number: which rows a reader has seen is a question of snapshots, not of order, so that
-- a transaction which commits late is never skipped.
CREATE TABLE feed (
    xid  xid8 PRIMARY KEY DEFAULT pg_current_xact_id(),
    node text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('leases', 'claims', 'proxies', 'users')),
    what text NOT NULL
) WITH (toast_tuple_target = 8160);

-- The last transaction whose row was dropped.
CREATE TABLE feed_floor (xid xid8 NOT NULL);
INSERT INTO feed_floor VALUES ('0');

-- Shared by whoever decides about claims, exclusive for whoever makes terms stricter: what a grant has read of a proxy
-- then holds until the grant is committed.
CREATE FUNCTION share_terms_lock() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(1885760628, hashtext(current_schema()))
$$;

CREATE FUNCTION take_terms_lock() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(1885760628, hashtext(current_schema()))
$$;

-- Seconds since 1970 by the clock of this server, the only one that decides; tests shift it.
CREATE FUNCTION fleet_time(shift float8) RETURNS float8 LANGUAGE sql VOLATILE AS $$
    SELECT date_part('epoch', clock_timestamp()) + shift
$$;
