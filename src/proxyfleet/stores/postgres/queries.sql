-- Every statement of the PostgreSQL store, by name. `{row}` is replaced by the columns of records.COLUMNS.

-- version
SELECT value FROM meta WHERE name = 'schema';

-- lock_inventory
SELECT next_id FROM inventory_state FOR UPDATE;

-- use_ids
UPDATE inventory_state SET next_id = greatest(next_id, $1 + 1);

-- terms_changed
UPDATE inventory_state SET generation = generation + 1;

-- take_terms_lock
SELECT take_terms_lock();

-- proxies_by_identity
SELECT p.id, {p_row} FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) AS w (host, port, family, username)
JOIN proxies p ON p.host = w.host AND p.port = w.port AND p.family = w.family
    AND coalesce('u' || p.username, '') = coalesce('u' || w.username, '');

-- known_by_id
SELECT id, uuid, family, host, port, username, capacity, kind, expires_at, status FROM proxies
WHERE id = ANY ($1::bigint[]);

-- park_identities
UPDATE proxies SET host = E'\x01' || id WHERE id = ANY ($1::bigint[]);

-- replace_proxy
UPDATE proxies SET ({row}) = ({marks}) WHERE id = $1;

-- remove_proxies
DELETE FROM proxies WHERE id = ANY ($1::bigint[]);

-- every_proxy
SELECT id, {row} FROM proxies ORDER BY id;

-- some_proxies
SELECT id, {row} FROM proxies WHERE id = ANY ($1::bigint[]) ORDER BY id;

-- forget_pools
DELETE FROM leases WHERE pool = ANY ($1::bigint[]);

-- forget_guests
UPDATE leases SET expires = 0, revision = revision + 1 WHERE proxy_id = ANY ($1::bigint[]) AND pool <> proxy_id;

-- forget_holds
DELETE FROM holds WHERE proxy_id = ANY ($1::bigint[]);

-- secrets_after
SELECT id, uuid, password, refresh_url FROM proxies
WHERE id > $1 AND (NOT starts_with(password, $2) OR NOT starts_with(refresh_url, $2))
ORDER BY id LIMIT $3;

-- replace_secrets
UPDATE proxies SET password = $2, refresh_url = $3 WHERE id = $1;

-- secrets_by_key
SELECT kid, count(*) FROM (
    SELECT substr(password, 5, 8) AS kid FROM proxies WHERE password IS NOT NULL
    UNION ALL
    SELECT substr(refresh_url, 5, 8) AS kid FROM proxies WHERE refresh_url IS NOT NULL
    UNION ALL
    SELECT substr(feeds, 5, 8) AS kid FROM sources WHERE feeds IS NOT NULL
) AS sealed GROUP BY kid;

-- keys
SELECT kid, algorithm, master, wrapped, state, created, uses FROM keyring ORDER BY created, kid;

-- key_states
SELECT kid, state FROM keyring;

-- insert_key
INSERT INTO keyring (kid, algorithm, master, wrapped, state, created, uses) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- rewrap_key
UPDATE keyring SET master = $2, wrapped = $3 WHERE kid = $1;

-- set_key_state
UPDATE keyring SET state = $1 WHERE state = $2;

-- count_uses
UPDATE keyring SET uses = uses + $1 WHERE state = 'primary' RETURNING kid, uses;

-- users
SELECT name, key_hash, rules FROM users ORDER BY name COLLATE "C";

-- put_user
INSERT INTO users (name, key_hash, rules) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash, rules = excluded.rules;

-- remove_user
DELETE FROM users WHERE name = $1 RETURNING name;

-- settings
SELECT name, value FROM settings ORDER BY name COLLATE "C";

-- put_setting
INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- remove_setting
DELETE FROM settings WHERE name = $1;

-- decide_plain
SELECT * FROM decide_plain($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- look
WITH clock AS MATERIALIZED (SELECT fleet_time($1) AS now)
SELECT
    (SELECT now FROM clock),
    (SELECT generation FROM inventory_state),
    fence_base(),
    ARRAY(
        SELECT ROW (l.*) FROM unnest($2::bigint[], $3::int[]) AS w (pool, slot) JOIN leases l USING (pool, slot)
        UNION ALL
        SELECT ROW (l.*) FROM unnest($4::bigint[]) AS w (pool) JOIN leases l USING (pool)
        UNION ALL
        SELECT ROW (l.*) FROM unnest($5::bigint[]) AS w (pool) JOIN proxies p ON p.id = w.pool
        JOIN leases l ON l.pool = p.id
            AND l.slot >= coalesce(p.capacity, CASE WHEN p.kind = 'rotating' THEN 1000 ELSE 5 END)
        WHERE l.expires > (SELECT now FROM clock)
        UNION ALL
        SELECT ROW (l.*) FROM unnest($14::text[]) AS w (exit) JOIN proxies p
            ON p.measured IS NOT NULL AND p.measured::json ->> 'exit_address' = w.exit AND p.kind = 'static'
        JOIN leases l ON l.pool = p.id
        WHERE l.expires > (SELECT now FROM clock)
    ),
    ARRAY(
        SELECT ROW (p.id, p.capacity, p.kind, p.expires_at, p.status, p.measured::json ->> 'exit_address')
        FROM unnest($6::bigint[]) AS w (id) JOIN proxies p USING (id)
        UNION ALL
        SELECT ROW (p.id, p.capacity, p.kind, p.expires_at, p.status, p.measured::json ->> 'exit_address')
        FROM unnest($7::bigint[], $8::int[]) AS w (pool, slot) JOIN leases l USING (pool, slot)
        JOIN proxies p ON p.id = l.proxy_id
    ),
    ARRAY(
        SELECT ROW (h.*) FROM unnest($9::bigint[], $10::text[], $11::text[]) AS w (proxy_id, resource, session)
        JOIN holds h USING (proxy_id, resource, session)
        UNION ALL
        SELECT ROW (h.*) FROM unnest($7::bigint[], $8::int[]) AS w (pool, slot) JOIN leases l USING (pool, slot)
        JOIN holds h USING (proxy_id, resource, session)
    ),
    ARRAY(
        SELECT ROW (k.principal, k.key, k.arguments, k.tokens, k.until)
        FROM unnest($12::text[], $13::text[]) AS w (principal, key) JOIN claim_keys k USING (principal, key)
    ),
    ARRAY(
        SELECT ROW (w.exit, p.id) FROM unnest($14::text[]) AS w (exit) JOIN proxies p
            ON p.measured IS NOT NULL AND p.measured::json ->> 'exit_address' = w.exit AND p.kind = 'static'
    );

-- sweepable
SELECT * FROM sweepable(fleet_time($1), $2, $3, $4, $5, $6);

-- put_claims
SELECT CASE WHEN exits_stand($33, $34, $35, $36) THEN put_claims(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    $26, $27, $28, $29, $30, $31, $32
) ELSE false END;

-- here
SELECT fleet_time($1), (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint, pg_current_snapshot()::text;

-- running
SELECT pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires FROM leases
WHERE expires > $1;

-- standing_holds
SELECT proxy_id, resource, session, kind, principal, label, since, until, version, token FROM holds
WHERE kind <> 'free' AND until > $1;

-- put_holds
INSERT INTO holds SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[], $9::bigint[],
    $10::text[], $11::bigint[]
);

-- tell
INSERT INTO feed (node, kind, what) VALUES ($1, $2, $3);

-- feed_after
SELECT
    fleet_time($1),
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
    pg_current_snapshot()::text,
    NOT EXISTS (
        SELECT FROM feed_floor f WHERE f.xid >= pg_snapshot_xmax($2::text::pg_snapshot) OR EXISTS (
            SELECT FROM pg_snapshot_xip($2::text::pg_snapshot) AS x (xid)
            WHERE x.xid <= f.xid AND pg_visible_in_snapshot(x.xid, pg_current_snapshot())
                AND NOT EXISTS (SELECT FROM feed WHERE feed.xid = x.xid)
        )
    ),
    ARRAY(
        SELECT ROW (kind, what) FROM feed
        WHERE xid >= pg_snapshot_xmin($2::text::pg_snapshot)
            AND NOT pg_visible_in_snapshot(xid, $2::text::pg_snapshot)
            AND (kind IN ('leases', 'claims')) = $3 AND ($4 = '' OR node <> $4)
        ORDER BY xid
    );

-- home
SELECT format('%s:%s', (SELECT oid FROM pg_database WHERE datname = current_database()), 'leases'::regclass::oid),
    (SELECT value FROM meta WHERE name = 'home'),
    EXISTS (SELECT FROM feed WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()));

-- put_home
INSERT INTO meta VALUES ('home', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- fences
SELECT pool, slot, fence, proxy_id FROM leases;

-- raise_fence
INSERT INTO leases (pool, slot, fence, proxy_id, principal, label, resource, session, granted, expires, revision)
VALUES ($1, $2, $3, $4, '', '', NULL, '', 0, 0, 1)
ON CONFLICT (pool, slot) DO UPDATE SET fence = greatest(leases.fence, excluded.fence), revision = leases.revision + 1;

-- move_fences
UPDATE leases SET fence = fence + $1, expires = 0, revision = revision + 1;

-- raise_base
INSERT INTO settings AS s (name, value) VALUES ('fence_base', $1::bigint::text)
ON CONFLICT (name) DO UPDATE SET value = (s.value::bigint + $1)::text;

-- end_reservations
UPDATE holds SET kind = 'free', until = since, version = version + 1, token = '', revision = revision + 1
WHERE kind = 'reservation';

-- clear_feed
DELETE FROM feed;

-- raise_feed_floor
UPDATE feed_floor SET xid = pg_current_xact_id();

-- tidy_feed
WITH cut AS (
    SELECT xid FROM feed ORDER BY xid DESC OFFSET $1 LIMIT 1
), gone AS (
    DELETE FROM feed WHERE xid <= (SELECT xid FROM cut)
)
UPDATE feed_floor SET xid = greatest(feed_floor.xid, cut.xid) FROM cut;

-- tidy_keys
DELETE FROM claim_keys WHERE (principal, key) IN (
    SELECT principal, key FROM claim_keys WHERE until <= fleet_time($1) LIMIT $2 FOR UPDATE SKIP LOCKED
);

-- tidy_holds
DELETE FROM holds WHERE (proxy_id, resource, session) IN (
    SELECT proxy_id, resource, session FROM holds
    WHERE kind = 'free' AND until <= fleet_time($1) - $2::float8 LIMIT $3 FOR UPDATE SKIP LOCKED
);

-- figures
SELECT (SELECT count(*) FROM proxies), (SELECT count(*) FROM users), (
    SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
);
