"""Ask the list calls of the API: filters by name, and all pages."""

import json
from collections.abc import Callable
from typing import Any

from pipelines.cluster.connect import Connection

_PAGE = 100


def named(name: str) -> str:
    """Return the filter for one display name."""
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})


def all_pages(
    connection: Connection,
    function: Callable[..., Any],
    *words: Any,
    items: str,
    doing: str,
    **options: Any,
) -> list[Any]:
    """Return the items of all pages of a list call."""
    found: list[Any] = []
    token = ""
    while True:
        answer = connection.read(
            function, *words, doing=doing, page_token=token, page_size=_PAGE, **options
        )
        found += getattr(answer, items) or []
        token = answer.next_page_token or ""
        if not token:
            return found
