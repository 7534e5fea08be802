-- Every order that costs money, from its intent on. Amounts are decimal text; `wish` and `expiries` are JSON.

CREATE TABLE purchases (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag      text NOT NULL UNIQUE,
    provider text NOT NULL,
    verb     text NOT NULL,
    wish     text NOT NULL,
    amount   text NOT NULL,
    currency text NOT NULL,
    at       float8 NOT NULL,
    cause    text NOT NULL,
    expiries text NOT NULL,
    state    text NOT NULL CHECK (state IN ('intended', 'unclear', 'placed', 'done', 'refused', 'void')),
    order_id text NOT NULL,
    because  text NOT NULL,
    settled  float8
);

CREATE INDEX purchases_span ON purchases (provider, at);
