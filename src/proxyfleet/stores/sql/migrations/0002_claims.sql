-- Claims: one row per slot that was ever used, so that fences only grow; one row per pair; what each batch has changed.

CREATE TABLE leases (
    pool      INTEGER NOT NULL,
    slot      INTEGER NOT NULL CHECK (slot >= 0),
    fence     INTEGER NOT NULL CHECK (fence > 0),
    proxy_id  INTEGER NOT NULL,
    principal TEXT NOT NULL,
    label     TEXT NOT NULL,
    resource  TEXT,
    session   TEXT NOT NULL,
    granted   REAL NOT NULL,
    expires   REAL NOT NULL,
    PRIMARY KEY (pool, slot)
) STRICT, WITHOUT ROWID;

-- Leases of a proxy in the pool of another; rare, so the index costs nothing.
CREATE INDEX lease_guests ON leases (proxy_id) WHERE pool <> proxy_id;

CREATE TABLE holds (
    proxy_id  INTEGER NOT NULL,
    resource  TEXT NOT NULL,
    session   TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind = 'reservation' OR kind = 'assignment' OR kind = 'cooling' OR kind = 'free'),
    principal TEXT NOT NULL,
    label     TEXT NOT NULL,
    since     REAL NOT NULL,
    until     REAL NOT NULL,
    version   INTEGER NOT NULL,
    token     TEXT NOT NULL,
    PRIMARY KEY (proxy_id, resource, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim_keys (
    principal TEXT NOT NULL,
    key       TEXT NOT NULL,
    arguments TEXT NOT NULL,
    tokens    TEXT NOT NULL,
    until     REAL NOT NULL,
    PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'claims' OR kind = 'proxies' OR kind = 'users'),
    what TEXT NOT NULL
) STRICT;
