-- health_of
SELECT proxy_id, tries, successes, seconds, bins, at FROM health_sums WHERE proxy_id = ?;

-- put_health
INSERT INTO health_sums (proxy_id, tries, successes, seconds, bins, at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 FROM proxies WHERE id = ?1
ON CONFLICT (proxy_id) DO UPDATE SET tries = excluded.tries, successes = excluded.successes,
    seconds = excluded.seconds, bins = excluded.bins, at = excluded.at;

-- health_since
SELECT proxy_id, tries, successes, seconds, bins, at FROM health_sums WHERE at >= ?;
