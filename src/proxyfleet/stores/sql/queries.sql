-- Every statement of the SQLite store, by name. `{row}` is replaced by the columns of records.COLUMNS.

-- insert_proxy
INSERT INTO proxies ({row}) VALUES ({marks});

-- proxy_by_identity
SELECT id, {row} FROM proxies WHERE host = ? AND port = ? AND family = ? AND ifnull(username, x'') = ifnull(?, x'');

-- id_by_identity
SELECT id FROM proxies WHERE host = ? AND port = ? AND family = ? AND ifnull(username, x'') = ifnull(?, x'');

-- identity_by_id
SELECT uuid, host, port, family, username FROM proxies WHERE id = ?;

-- park_identity
UPDATE proxies SET host = char(0) || id WHERE id = ?;

-- replace_proxy
UPDATE proxies SET ({row}) = ({marks}) WHERE id = ?;

-- remove_proxy
DELETE FROM proxies WHERE id = ?;

-- proxies_after
SELECT id, {row} FROM proxies WHERE id > ? ORDER BY id LIMIT ?;

-- secrets_after
SELECT id, uuid, password, refresh_url FROM proxies
WHERE id > :after AND (
    (password IS NOT NULL AND substr(password, 1, :length) <> :prefix)
    OR (refresh_url IS NOT NULL AND substr(refresh_url, 1, :length) <> :prefix)
)
ORDER BY id LIMIT :batch;

-- replace_secrets
UPDATE proxies SET password = ?, refresh_url = ? WHERE id = ?;

-- secrets_by_key
SELECT kid, sum(n) FROM (
    SELECT substr(password, 5, 8) AS kid, count(*) AS n FROM proxies WHERE password IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT substr(refresh_url, 5, 8) AS kid, count(*) AS n FROM proxies WHERE refresh_url IS NOT NULL GROUP BY 1
) GROUP BY kid;

-- keys
SELECT kid, algorithm, master, wrapped, state, created, uses FROM keyring ORDER BY created, kid;

-- key_states
SELECT kid, state FROM keyring;

-- primary_key
SELECT kid FROM keyring WHERE state = 'primary';

-- insert_key
INSERT INTO keyring (kid, algorithm, master, wrapped, state, created, uses) VALUES (?, ?, ?, ?, ?, ?, ?);

-- rewrap_key
UPDATE keyring SET master = ?, wrapped = ? WHERE kid = ?;

-- set_key_state
UPDATE keyring SET state = ? WHERE state = ?;

-- count_uses
UPDATE keyring SET uses = uses + ? WHERE state = 'primary' RETURNING kid;

-- users
SELECT name, key_hash FROM users ORDER BY name;

-- put_user
INSERT INTO users (name, key_hash) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash;

-- remove_user
DELETE FROM users WHERE name = ? RETURNING name;

-- settings
SELECT name, value FROM settings ORDER BY name;

-- put_setting
INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- remove_setting
DELETE FROM settings WHERE name = ?;
