"""The statements of the PostgreSQL store by name, as `queries.sql` has them."""

from proxyfleet.stores.purchase_rows import COLUMNS as PURCHASE
from proxyfleet.stores.records import COLUMNS
from proxyfleet.stores.statements import read_statements

SQL = read_statements(
    __file__,
    row=", ".join(COLUMNS),
    purchase=", ".join(PURCHASE),
    p_row=", ".join(f"p.{name}" for name in COLUMNS),
    marks=", ".join(f"${nth}" for nth in range(2, 2 + len(COLUMNS))),
)
