-- What all nodes together have learnt about each proxy: sums that fade by half in ten minutes. `bins` is a JSON object.

CREATE TABLE health_sums (
    proxy_id  INTEGER PRIMARY KEY REFERENCES proxies (id) ON DELETE CASCADE,
    tries     REAL NOT NULL,
    successes REAL NOT NULL,
    seconds   REAL NOT NULL,
    bins      TEXT NOT NULL,
    at        REAL NOT NULL
) STRICT;

CREATE INDEX health_sums_at ON health_sums (at);
