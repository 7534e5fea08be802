"""PostgreSQL by asyncpg: plain SQL in `queries.sql` and numbered migrations. Nothing outside this room imports asyncpg."""
