-- Statements about health, events, jobs and locks.

-- health_of
SELECT proxy_id, tries, successes, seconds, bins, at FROM health_sums WHERE proxy_id = ANY ($1::bigint[]);

-- put_health
INSERT INTO health_sums (proxy_id, tries, successes, seconds, bins, at)
SELECT w.* FROM unnest($1::bigint[], $2::float8[], $3::float8[], $4::float8[], $5::text[], $6::float8[]) AS w (proxy_id)
JOIN proxies p ON p.id = w.proxy_id
ON CONFLICT (proxy_id) DO UPDATE SET tries = excluded.tries, successes = excluded.successes,
    seconds = excluded.seconds, bins = excluded.bins, at = excluded.at;

-- health_since
SELECT proxy_id, tries, successes, seconds, bins, at FROM health_sums WHERE at >= $1 ORDER BY proxy_id;

-- now
SELECT fleet_time($1);

-- record_event
INSERT INTO events (what, at, proxy, target, reason, until, subject, count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- events_after
SELECT number, what, at, proxy, target, reason, until, subject, count FROM events
WHERE number > $1 AND (cardinality($2::text[]) = 0 OR what = ANY ($2))
ORDER BY number LIMIT $3;

-- latest_events
SELECT * FROM (
    SELECT number, what, at, proxy, target, reason, until, subject, count FROM events
    WHERE cardinality($1::text[]) = 0 OR what = ANY ($1)
    ORDER BY number DESC LIMIT $2
) AS latest ORDER BY number;

-- forget_events
DELETE FROM events WHERE at < $1 OR number <= (
    SELECT number FROM events WHERE at >= $1 ORDER BY number DESC OFFSET $2 LIMIT 1
);

-- take_lock
INSERT INTO locks AS l (name, holder, until) VALUES ($1, $2, fleet_time($4) + $3)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE l.holder = excluded.holder OR l.until <= fleet_time($4) RETURNING true;

-- release_lock
DELETE FROM locks WHERE name = $1 AND holder = $2;

-- jobs
SELECT name, every, longest, next_run, started, took, result, told, holder, last_ok FROM jobs ORDER BY name COLLATE "C";

-- put_job
INSERT INTO jobs (name, every, longest, next_run, started, took, result, told, holder, last_ok)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (name) DO UPDATE SET every = excluded.every, longest = excluded.longest, next_run = excluded.next_run,
    started = excluded.started, took = excluded.took, result = excluded.result, told = excluded.told,
    holder = excluded.holder, last_ok = excluded.last_ok;
