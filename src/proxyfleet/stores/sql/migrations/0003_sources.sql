-- Sources of proxies with their ledgers, the proxies that free ones have named, events, jobs and locks.

-- A number is never used twice, because `found` may name sources that are gone. `feeds` is the sealed JSON of an own source's addresses, which may hold keys; a built-in source has neither it nor a definition.
CREATE TABLE sources (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE CHECK (name <> ''),
    uuid         BLOB NOT NULL CHECK (length(uuid) = 16),
    definition   TEXT,
    feeds        TEXT CHECK (feeds GLOB 'pf1.*'),
    switched     INTEGER CHECK (switched = 0 OR switched = 1),
    because      TEXT,
    read         INTEGER NOT NULL DEFAULT 0,
    valid        INTEGER NOT NULL DEFAULT 0,
    new          INTEGER NOT NULL DEFAULT 0,
    total_new    INTEGER NOT NULL DEFAULT 0,
    alive        INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0,
    last_attempt REAL,
    last_success REAL,
    last_error   TEXT,
    next_due     REAL NOT NULL DEFAULT 0,
    validators   TEXT
) STRICT;

-- One row for each proxy that came from a free source. `sources` lists the numbers of those that named it: ',3,17,'.
CREATE TABLE found (
    proxy   INTEGER PRIMARY KEY REFERENCES proxies (id) ON DELETE CASCADE,
    sources TEXT NOT NULL,
    trusted INTEGER NOT NULL CHECK (trusted = 0 OR trusted = 1),
    added   REAL NOT NULL,
    worked  REAL
) STRICT;

CREATE TABLE events (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    what    TEXT NOT NULL,
    at      REAL NOT NULL,
    proxy   INTEGER NOT NULL,
    target  TEXT,
    reason  TEXT NOT NULL,
    until   REAL NOT NULL,
    subject TEXT NOT NULL,
    count   INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (at);

CREATE TABLE locks (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    name     TEXT PRIMARY KEY,
    every    REAL NOT NULL,
    longest  REAL NOT NULL,
    next_run REAL NOT NULL,
    started  REAL,
    took     REAL,
    result   TEXT NOT NULL,
    told     TEXT NOT NULL,
    holder   TEXT NOT NULL,
    last_ok  REAL
) STRICT, WITHOUT ROWID;
