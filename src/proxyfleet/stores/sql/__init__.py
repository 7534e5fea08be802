"""SQLite by apsw: plain SQL in `queries.sql` and numbered migrations. Nothing outside this room imports apsw."""
