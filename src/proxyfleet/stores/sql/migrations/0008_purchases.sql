-- Every order that costs money, from its intent on. Amounts are decimal text; `wish` and `expiries` are JSON.

CREATE TABLE purchases (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    tag      TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    verb     TEXT NOT NULL,
    wish     TEXT NOT NULL,
    amount   TEXT NOT NULL,
    currency TEXT NOT NULL,
    at       REAL NOT NULL,
    cause    TEXT NOT NULL,
    expiries TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('intended', 'unclear', 'placed', 'done', 'refused', 'void')),
    order_id TEXT NOT NULL,
    because  TEXT NOT NULL,
    settled  REAL
) STRICT;

CREATE INDEX purchases_span ON purchases (provider, at);
