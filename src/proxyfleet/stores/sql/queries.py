"""The statements of the SQLite store by name, as the `.sql` files beside this one have them."""

from proxyfleet.stores.pages import SELECTED
from proxyfleet.stores.purchase_rows import COLUMNS as PURCHASE
from proxyfleet.stores.records import COLUMNS, DETAIL_COLUMNS, SHARED_COLUMNS
from proxyfleet.stores.statements import read_statements

SQL = read_statements(
    __file__,
    row=", ".join(COLUMNS),
    purchase=", ".join(PURCHASE),
    marks=", ".join("?" * len(COLUMNS)),
    selected=SELECTED,
    details=", ".join(DETAIL_COLUMNS),
    shared=", ".join(SHARED_COLUMNS),
    shared_marks=", ".join("?" * len(SHARED_COLUMNS)),
)
