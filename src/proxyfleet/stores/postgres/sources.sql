-- Statements about sources, about the proxies that free ones have named, and about a mirrored sheet.

-- sources
SELECT name, uuid, definition, feeds, switched, because, read, valid, new, total_new, alive, attempts, failures,
    last_attempt, last_success, last_error, next_due, validators
FROM sources ORDER BY name COLLATE "C";

-- note_source
INSERT INTO sources (name, uuid) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING;

-- source_uuid
SELECT uuid FROM sources WHERE name = $1;

-- define_source
UPDATE sources SET definition = $2, feeds = $3 WHERE name = $1;

-- forget_naming
UPDATE found SET sources = array_remove(sources, $1) WHERE sources @> ARRAY[$1];

-- remove_source
DELETE FROM sources WHERE name = $1 RETURNING name;

-- switch_source
UPDATE sources SET switched = $2, because = $3 WHERE name = $1;

-- put_ledger
UPDATE sources SET read = $2, valid = $3, new = $4, total_new = $5, attempts = $6, failures = $7, last_attempt = $8,
    last_success = $9, last_error = $10, next_due = $11, validators = $12
WHERE name = $1;

-- sealed_feeds
SELECT name, uuid, feeds FROM sources WHERE NOT starts_with(feeds, $1);

-- replace_feeds
UPDATE sources SET feeds = $2 WHERE name = $1;

-- proxies_at
SELECT p.id, {p_row}, f.sources, f.trusted, f.added, f.worked
FROM unnest($1::text[], $2::int[], $3::text[]) AS w (host, port, username)
JOIN proxies p ON p.host = w.host AND p.port = w.port AND coalesce('u' || p.username, '') = coalesce('u' || w.username, '')
LEFT JOIN found f ON f.proxy = p.id;

-- put_found
INSERT INTO found (proxy, sources, trusted, added, worked) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (proxy) DO UPDATE SET sources = excluded.sources, trusted = excluded.trusted, worked = excluded.worked;

-- forget_found
DELETE FROM found WHERE proxy = ANY ($1::bigint[]);

-- any_found
SELECT EXISTS (SELECT FROM found WHERE sources @> ARRAY[$1]) AND EXISTS (SELECT FROM sources WHERE name = $1);

-- found_of
SELECT proxy, sources, worked FROM found WHERE proxy = ANY ($1::bigint[]);

-- stamp_found
UPDATE found SET worked = greatest(coalesce(worked, 0), $2) WHERE proxy = $1;

-- count_alive
UPDATE sources SET alive = alive + $2 WHERE name = $1;

-- idle
SELECT f.proxy FROM found f JOIN proxies p ON p.id = f.proxy
WHERE greatest(coalesce(f.worked, 0), f.added) < $1 AND p.status <> 'disabled'
ORDER BY f.proxy LIMIT $2;

-- retirable
SELECT p.id FROM proxies p JOIN found f ON f.proxy = p.id
WHERE p.id = ANY ($1::bigint[]) AND p.status <> 'disabled' AND greatest(coalesce(f.worked, 0), f.added) < $2
    AND NOT EXISTS (SELECT FROM leases l WHERE l.pool = p.id AND l.expires > fleet_time($3))
    AND NOT EXISTS (
        SELECT FROM leases l WHERE l.proxy_id = p.id AND l.pool <> l.proxy_id AND l.expires > fleet_time($3)
    )
    AND NOT EXISTS (
        SELECT FROM holds h WHERE h.proxy_id = p.id AND h.kind <> 'free' AND h.until > fleet_time($3)
    );

-- sheet_rows
SELECT key, said FROM sheet_rows WHERE $1::text[] IS NULL OR key = ANY ($1);

-- put_sheet_row
INSERT INTO sheet_rows (key, said) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET said = excluded.said;

-- forget_sheet_row
DELETE FROM sheet_rows WHERE key = $1;

-- sheet_writes
SELECT id, key, row, said, at FROM sheet_writes ORDER BY seq;

-- open_sheet_write
INSERT INTO sheet_writes (id, key, row, said, at) VALUES ($1, $2, $3, $4, $5);

-- close_sheet_write
DELETE FROM sheet_writes WHERE id = $1;

-- sheet_claims
SELECT proxy_id, resource, session, principal, label FROM sheet_claims
ORDER BY proxy_id, resource COLLATE "C", session COLLATE "C";

-- put_sheet_claim
INSERT INTO sheet_claims (proxy_id, resource, session, principal, label) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- settle_sheet_claim
DELETE FROM sheet_claims WHERE proxy_id = $1 AND resource = $2 AND session = $3 AND principal = $4 AND label = $5;

-- set_alive
UPDATE sources SET alive = $2 WHERE name = $1;

-- all_found
SELECT proxy, sources, trusted, added, worked FROM found ORDER BY proxy;

-- has_rows
SELECT EXISTS (SELECT FROM proxies) OR EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM sources)
    OR EXISTS (SELECT FROM events) OR EXISTS (SELECT FROM holds) OR EXISTS (SELECT FROM purchases);

-- clear
TRUNCATE leases, holds, claim_keys, found, health_sums, proxies, users, settings, sources, events, jobs, locks, sheet_rows,
    sheet_writes, sheet_claims, purchases;
