-- Every statement of the SQLite store, by name. `{row}` is replaced by the columns of records.COLUMNS, `{selected}` by
-- what stores.pages reads, `{details}` by records.DETAIL_COLUMNS, `{shared}` by records.SHARED_COLUMNS.

-- last_proxy
SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'proxies'), 0), ifnull((SELECT max(id) FROM proxies), 0));

-- insert_numbered
INSERT INTO proxies (id, {row}) VALUES (?, {marks});

-- insert_alike
INSERT INTO proxies (id, uuid, host, port, username, {shared})
SELECT value ->> 0, randomblob(16), value ->> 1, value ->> 2, value ->> 3, {shared_marks} FROM json_each(?);

-- known_by_identity
SELECT {selected} FROM proxies WHERE host = ? AND port = ? AND family = ? AND ifnull(username, x'') = ifnull(?, x'');

-- repeats
SELECT ? FROM proxies WHERE host = ? AND port = ? AND family = ? AND ifnull(username, x'') = ifnull(?, x'') AND scheme = ?
    AND NOT EXISTS (SELECT 1 FROM found WHERE found.proxy = proxies.id);

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
SELECT {selected} FROM proxies WHERE id > ? ORDER BY id LIMIT ?;

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
    UNION ALL
    SELECT substr(feeds, 5, 8) AS kid, count(*) AS n FROM sources WHERE feeds IS NOT NULL GROUP BY 1
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
SELECT name, key_hash, rules FROM users ORDER BY name;

-- put_user
INSERT INTO users (name, key_hash, rules) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash, rules = excluded.rules;

-- remove_user
DELETE FROM users WHERE name = ? RETURNING name;

-- settings
SELECT name, value FROM settings ORDER BY name;

-- put_setting
INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- remove_setting
DELETE FROM settings WHERE name = ?;

-- some_proxies
SELECT {selected} FROM proxies WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id;

-- details_by_id
SELECT id, uuid, {details} FROM proxies WHERE id IN (SELECT value FROM json_each(?));

-- terms
SELECT capacity, kind, expires_at, status, measured ->> 'exit_address' FROM proxies WHERE id = ?;

-- behind
SELECT id FROM proxies WHERE measured IS NOT NULL AND measured ->> 'exit_address' = ? AND kind = 'static';

-- pool
SELECT pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires FROM leases WHERE pool = ?;

-- running
SELECT pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires FROM leases WHERE expires > ?;

-- put_lease
INSERT INTO leases (pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (pool, slot) DO UPDATE SET fence = excluded.fence, proxy_id = excluded.proxy_id,
    principal = excluded.principal, label = excluded.label, resource = excluded.resource,
    session = excluded.session, granted = excluded.granted, expires = excluded.expires
WHERE excluded.fence >= leases.fence;

-- forget_pool
DELETE FROM leases WHERE pool = ?;

-- forget_guests
UPDATE leases SET expires = 0 WHERE proxy_id = ? AND pool <> proxy_id;

-- hold
SELECT proxy_id, resource, session, kind, principal, label, since, until, version, token FROM holds
WHERE proxy_id = ? AND resource = ? AND session = ?;

-- standing_holds
SELECT proxy_id, resource, session, kind, principal, label, since, until, version, token FROM holds
WHERE kind <> 'free' AND until > ?;

-- put_hold
INSERT INTO holds (proxy_id, resource, session, kind, principal, label, since, until, version, token)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (proxy_id, resource, session) DO UPDATE SET kind = excluded.kind, principal = excluded.principal,
    label = excluded.label, since = excluded.since, until = excluded.until, version = excluded.version,
    token = excluded.token;

-- forget_holds
DELETE FROM holds WHERE proxy_id = ?;

-- recall
SELECT arguments, tokens, until FROM claim_keys WHERE principal = ? AND key = ?;

-- remember
INSERT INTO claim_keys (principal, key, arguments, tokens, until) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (principal, key) DO UPDATE SET arguments = excluded.arguments, tokens = excluded.tokens, until = excluded.until;

-- tidy_keys
DELETE FROM claim_keys WHERE until <= ?;

-- tidy_holds
DELETE FROM holds WHERE kind = 'free' AND until <= ?;

-- tidy_feed
DELETE FROM feed WHERE seq <= ?;

-- tell
INSERT INTO feed (node, kind, what) VALUES (?, ?, ?);

-- feed_ends
SELECT ifnull(min(seq), 0), ifnull(max(seq), 0) FROM feed;

-- feed_end
SELECT ifnull(max(seq), 0) FROM feed;

-- feed_after
SELECT seq, node, kind, what FROM feed WHERE seq > ? ORDER BY seq;

-- fences
SELECT pool, slot, fence, proxy_id FROM leases;

-- last_proxy_id
SELECT seq FROM sqlite_sequence WHERE name = 'proxies';

-- raise_last_proxy
UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'proxies';

-- begin_ids
INSERT INTO sqlite_sequence (name, seq) SELECT 'proxies', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'proxies');

-- end_leases
UPDATE leases SET expires = 0;

-- end_reservations
UPDATE holds SET kind = 'free', until = since, version = version + 1, token = '' WHERE kind = 'reservation';

-- raise_fence
INSERT INTO leases (pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires)
VALUES (?, ?, ?, ?, '', '', NULL, '', 0, 0)
ON CONFLICT (pool, slot) DO UPDATE SET fence = max(fence, excluded.fence);

-- clear_feed
DELETE FROM feed;

-- tell_at
INSERT INTO feed (seq, node, kind, what) VALUES (?, ?, ?, ?);
