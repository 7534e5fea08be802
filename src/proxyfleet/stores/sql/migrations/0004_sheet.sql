-- What is remembered of a mirrored sheet: the rows as both sides agreed on them last, writes that were not seen there yet,
-- and pairs that are being taken. `said` is JSON by field; of secrets it holds two bytes of a hash.

CREATE TABLE sheet_rows (
    key  TEXT PRIMARY KEY,
    said TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sheet_writes (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    id   TEXT NOT NULL UNIQUE,
    key  TEXT NOT NULL,
    row  INTEGER NOT NULL CHECK (row >= 0),
    said TEXT NOT NULL,
    at   REAL NOT NULL
) STRICT;

CREATE TABLE sheet_claims (
    proxy_id  INTEGER NOT NULL,
    resource  TEXT NOT NULL,
    session   TEXT NOT NULL,
    principal TEXT NOT NULL,
    label     TEXT NOT NULL,
    PRIMARY KEY (proxy_id, resource, session, principal, label)
) STRICT, WITHOUT ROWID;
