-- Statements about sources and about the proxies that free ones have named; see `queries.py` for how they are read.
-- What is asked for every line of a list is asked for many at once; CROSS JOIN, so that the list leads and not the table.

-- sources
SELECT name, uuid, definition, feeds, switched, because, read, valid, new, total_new, alive, attempts, failures,
    last_attempt, last_success, last_error, next_due, validators
FROM sources ORDER BY name;

-- source_number
SELECT number FROM sources WHERE name = ?;

-- source_uuid
SELECT uuid FROM sources WHERE name = ?;

-- note_source
INSERT INTO sources (name, uuid) VALUES (?, randomblob(16)) ON CONFLICT (name) DO NOTHING;

-- define_source
UPDATE sources SET definition = ?, feeds = ? WHERE name = ?;

-- remove_source
DELETE FROM sources WHERE name = ? RETURNING name;

-- switch_source
UPDATE sources SET switched = ?, because = ? WHERE name = ?;

-- put_ledger
UPDATE sources SET read = ?, valid = ?, new = ?, total_new = ?, attempts = ?, failures = ?, last_attempt = ?, last_success = ?,
    last_error = ?, next_due = ?, validators = ?
WHERE name = ?;

-- sealed_feeds
SELECT number, uuid, feeds FROM sources WHERE feeds IS NOT NULL AND substr(feeds, 1, :length) <> :prefix;

-- replace_feeds
UPDATE sources SET feeds = ? WHERE number = ?;

-- known_at
SELECT a.key, p.id, p.scheme, p.protocols, (SELECT trusted || (worked IS NOT NULL) || sources FROM found WHERE proxy = p.id)
FROM json_each(?) AS a CROSS JOIN proxies AS p
WHERE p.host = a.value ->> 0 AND p.port = a.value ->> 1 AND ifnull(p.username, x'') = ifnull(a.value ->> 2, x'');

-- proxy_by_id
SELECT id, {row} FROM proxies WHERE id = ?;

-- insert_found
INSERT INTO found (proxy, sources, trusted, added) SELECT id, ?, ?, ? FROM proxies WHERE id >= ?;

-- update_found
UPDATE found SET sources = ?, trusted = ? WHERE proxy = ?;

-- forget_found
DELETE FROM found WHERE proxy = ?;

-- any_found
SELECT EXISTS (SELECT 1 FROM found WHERE instr(sources, ?));

-- found_of
SELECT sources, worked FROM found WHERE proxy = ?;

-- stamp_found
UPDATE found SET worked = max(ifnull(worked, 0), ?) WHERE proxy = ?;

-- count_alive
UPDATE sources SET alive = alive + 1 WHERE instr(?, ',' || number || ',');

-- idle
SELECT f.proxy FROM found AS f JOIN proxies AS p ON p.id = f.proxy
WHERE max(ifnull(f.worked, 0), f.added) < ? AND p.status <> 'disabled'
ORDER BY f.proxy LIMIT ?;

-- retire
DELETE FROM proxies WHERE id = :id AND status <> 'disabled'
    AND EXISTS (SELECT 1 FROM found AS f WHERE f.proxy = :id AND max(ifnull(f.worked, 0), f.added) < :before)
    AND NOT EXISTS (SELECT 1 FROM leases WHERE pool = :id AND expires > :now)
    AND NOT EXISTS (SELECT 1 FROM leases WHERE proxy_id = :id AND pool <> proxy_id AND expires > :now)
    AND NOT EXISTS (SELECT 1 FROM holds WHERE proxy_id = :id AND kind <> 'free' AND until > :now);

-- source_numbers
SELECT number, name FROM sources;

-- set_alive
UPDATE sources SET alive = ? WHERE name = ?;

-- all_found
SELECT proxy, sources, trusted, added, worked FROM found ORDER BY proxy;

-- load_found
INSERT INTO found (proxy, sources, trusted, added, worked) VALUES (?, ?, ?, ?, ?);
