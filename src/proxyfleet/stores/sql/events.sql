-- Statements about events, jobs and locks; see `queries.py` for how they are read.

-- record_event
INSERT INTO events (what, at, proxy, target, reason, until, subject, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- events_after
SELECT number, what, at, proxy, target, reason, until, subject, count FROM events
WHERE number > :after AND (:kinds = '[]' OR what IN (SELECT value FROM json_each(:kinds)))
ORDER BY number LIMIT :limit;

-- latest_events
SELECT * FROM (
    SELECT number, what, at, proxy, target, reason, until, subject, count FROM events
    WHERE :kinds = '[]' OR what IN (SELECT value FROM json_each(:kinds))
    ORDER BY number DESC LIMIT :limit
) ORDER BY number;

-- forget_events_before
DELETE FROM events WHERE at < ?;

-- forget_events_beyond
DELETE FROM events WHERE number <= (SELECT number FROM events ORDER BY number DESC LIMIT 1 OFFSET ?);

-- take_lock
INSERT INTO locks (name, holder, until) VALUES (:name, :holder, :now + :ttl)
ON CONFLICT (name) DO UPDATE SET holder = :holder, until = :now + :ttl WHERE holder = :holder OR until <= :now
RETURNING holder;

-- release_lock
DELETE FROM locks WHERE name = ? AND holder = ?;

-- jobs
SELECT name, every, longest, next_run, started, took, result, told, holder, last_ok FROM jobs ORDER BY name;

-- put_job
INSERT INTO jobs (name, every, longest, next_run, started, took, result, told, holder, last_ok)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET every = excluded.every, longest = excluded.longest, next_run = excluded.next_run,
    started = excluded.started, took = excluded.took, result = excluded.result, told = excluded.told, holder = excluded.holder, last_ok = excluded.last_ok;
