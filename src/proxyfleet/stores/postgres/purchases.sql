-- Statements about purchases; what counts as spent is the core's business.

-- purchase_exists
SELECT EXISTS (SELECT FROM purchases WHERE tag = $1);

-- put_purchase
INSERT INTO purchases ({purchase}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- settle_purchase
UPDATE purchases SET ({purchase}) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
WHERE tag = $1 AND state = ANY ($14::text[])
RETURNING tag;

-- purchases
SELECT {purchase} FROM purchases
WHERE ($1::text IS NULL OR provider = $1) AND ($2::text[] = '{}' OR state = ANY ($2::text[]))
ORDER BY seq DESC LIMIT $3;

-- purchase_prices
SELECT amount, currency, state FROM purchases WHERE provider = $1 AND at >= $2 AND at < $3;
