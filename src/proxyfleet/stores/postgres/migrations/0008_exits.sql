-- Finds the proxies behind one measured exit; those that were never measured cost nothing.
CREATE INDEX proxies_behind ON proxies ((measured::json ->> 'exit_address')) WHERE measured IS NOT NULL;
