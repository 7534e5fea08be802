-- Statements about purchases; what counts as spent is the core's business.

-- purchase_exists
SELECT EXISTS (SELECT 1 FROM purchases WHERE tag = ?);

-- put_purchase
INSERT INTO purchases ({purchase}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- purchase_state
SELECT state FROM purchases WHERE tag = ?;

-- settle_purchase
UPDATE purchases SET ({purchase}) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) WHERE tag = ?1;

-- purchases
SELECT {purchase} FROM purchases
WHERE (?1 IS NULL OR provider = ?1) AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2)))
ORDER BY seq DESC LIMIT ?3;

-- purchase_prices
SELECT amount, currency, state FROM purchases WHERE provider = ? AND at >= ? AND at < ?;
