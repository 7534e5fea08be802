"""One write transaction on a connection: committed whole, or rolled back when anything goes wrong. Knows no statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from apsw import Connection


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE, because a read that later writes is refused at once however long one would wait for a lock."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
