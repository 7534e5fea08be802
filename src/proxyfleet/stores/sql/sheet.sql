-- Statements about the sheet that mirrors the inventory.

-- sheet_rows
SELECT key, said FROM sheet_rows;

-- sheet_rows_of
SELECT key, said FROM sheet_rows WHERE key IN (SELECT value FROM json_each(?));

-- put_sheet_row
INSERT INTO sheet_rows (key, said) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET said = excluded.said;

-- forget_sheet_row
DELETE FROM sheet_rows WHERE key = ?;

-- sheet_writes
SELECT id, key, row, said, at FROM sheet_writes ORDER BY seq;

-- open_sheet_write
INSERT INTO sheet_writes (id, key, row, said, at) VALUES (?, ?, ?, ?, ?);

-- close_sheet_write
DELETE FROM sheet_writes WHERE id = ?;

-- sheet_claims
SELECT proxy_id, resource, session, principal, label FROM sheet_claims ORDER BY proxy_id, resource, session;

-- put_sheet_claim
INSERT OR IGNORE INTO sheet_claims (proxy_id, resource, session, principal, label) VALUES (?, ?, ?, ?, ?);

-- settle_sheet_claim
DELETE FROM sheet_claims WHERE proxy_id = ? AND resource = ? AND session = ? AND principal = ? AND label = ?;
