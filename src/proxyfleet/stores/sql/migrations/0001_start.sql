-- The first schema. Sealed columns hold only what the vault writes; `uuid` is what sealed values are bound to.
-- `a OR b` rather than `IN (a, b, c)`: SQLite would build a small tree for each list at each insert, twice the whole cost.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    name     TEXT PRIMARY KEY,
    key_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keyring (
    kid       TEXT PRIMARY KEY CHECK (length(kid) = 8),
    algorithm TEXT NOT NULL,
    master    TEXT NOT NULL,
    wrapped   BLOB NOT NULL,
    state     TEXT NOT NULL CHECK (state = 'pending' OR state = 'primary' OR state = 'decrypt_only' OR state = 'retired'),
    created   REAL NOT NULL,
    uses      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_primary_key ON keyring (state) WHERE state = 'primary';
CREATE UNIQUE INDEX one_pending_key ON keyring (state) WHERE state = 'pending';

CREATE TABLE proxies (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid               BLOB NOT NULL CHECK (length(uuid) = 16),
    family             TEXT NOT NULL CHECK (family = 'http' OR family = 'https' OR family = 'socks4' OR family = 'socks5'),
    scheme             TEXT NOT NULL CHECK (scheme = 'http' OR scheme = 'https' OR scheme = 'socks4' OR scheme = 'socks4a' OR scheme = 'socks5' OR scheme = 'socks5h'),
    host               TEXT NOT NULL CHECK (host <> ''),
    port               INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    username           TEXT,
    password           TEXT CHECK (password GLOB 'pf1.*'),
    capacity           INTEGER CHECK (capacity > 0),
    expires_at         REAL,
    status             TEXT NOT NULL CHECK (status = 'pending' OR status = 'active' OR status = 'failed' OR status = 'disabled'),
    require_check      INTEGER NOT NULL CHECK (require_check = 0 OR require_check = 1),
    kind               TEXT NOT NULL CHECK (kind = 'static' OR kind = 'rotating'),
    type               TEXT NOT NULL CHECK (type = 'datacenter' OR type = 'residential' OR type = 'mobile' OR type = 'isp'),
    country            TEXT,
    region             TEXT,
    city               TEXT,
    asn                INTEGER,
    tags               TEXT,
    provider           TEXT,
    source             TEXT,
    anonymity          TEXT,
    cost_per_month     TEXT,
    cost_per_gb        TEXT,
    currency           TEXT,
    measured_country   TEXT,
    measured_anonymity TEXT,
    max_connections    INTEGER,
    min_interval       REAL,
    target_capacity    INTEGER,
    refresh_url        TEXT CHECK (refresh_url GLOB 'pf1.*'),
    notes              TEXT,
    exit_address       TEXT,
    protocols          TEXT
) STRICT;

-- A user name of nobody (NULL) is one identity, not many: x'' stands for it and differs from the empty name.
CREATE UNIQUE INDEX proxy_identity ON proxies (host, port, family, ifnull(username, x''));
