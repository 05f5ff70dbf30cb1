"""Imports of recorded gifts over HTTP: which there are, and whether money was posted behind them."""

from riviere.connectors import imports
from riviere.http import cursors
from riviere.http.cursors import Number
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.wire.common import Page, Paged
from riviere.wire.imports import PostedBehind, RecordedImport


@operation(
    "GET",
    "/v1/imports",
    id="listImports",
    tag="Server",
    scope="ledger:read",
    answer=Page(
        data=[
            RecordedImport(
                number=1,
                format="gift_log",
                source="log.csv",
                opened_at=EXAMPLE_TIME,
                opened_by="ada",
                posted=[PostedBehind(at=EXAMPLE_TIME, by="kim")],
            )
        ]
    ),
)
def list_imports(call: Call, query: Paged) -> Page[RecordedImport]:
    """List the imports of recorded gifts, oldest first, and who posted money behind each.

    Where nobody did, the diamonds that it brought cannot be redeemed. Whoever ran an import cannot be who posts.
    """
    after = cursors.read(query.cursor, tuple[Number])
    with call.reading() as connection:
        rows = [row for row in imports.listed(connection) if after is None or row.id > after[0]][: query.limit + 1]
        posted = imports.posted(connection, [row.id for row in rows])

    def shown(row: imports.Import) -> RecordedImport:
        return RecordedImport(
            number=row.id,
            format=row.format,
            source=row.source,
            opened_at=row.opened_at,
            opened_by=row.opened_by,
            posted=[PostedBehind(at=one.posted_at, by=one.posted_by) for one in posted[row.id]],
        )

    return cursors.page(rows, query.limit, shown, lambda row: (row.id,))
