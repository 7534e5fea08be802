-- What gateway users may do: limits, networks, a selector; JSON, see `stores.user_rows`.

ALTER TABLE users ADD COLUMN rules text NOT NULL DEFAULT '';
