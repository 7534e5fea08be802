-- What is remembered of a mirrored sheet: the rows as both sides agreed on them last, writes that were not seen there yet,
-- and pairs that are being taken. `said` is JSON by field; of secrets it holds two bytes of a hash.

CREATE TABLE sheet_rows (
    key  text PRIMARY KEY,
    said text NOT NULL
);

CREATE TABLE sheet_writes (
    seq  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id   text NOT NULL UNIQUE,
    key  text NOT NULL,
    row  bigint NOT NULL CHECK (row >= 0),
    said text NOT NULL,
    at   float8 NOT NULL
);

CREATE TABLE sheet_claims (
    proxy_id  bigint NOT NULL,
    resource  text NOT NULL,
    session   text NOT NULL,
    principal text NOT NULL,
    label     text NOT NULL,
    PRIMARY KEY (proxy_id, resource, session, principal, label)
);
