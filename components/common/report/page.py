"""The page that the reports of all steps extend: no script, no font, no picture from elsewhere."""

import base64
from pathlib import Path

# What browsers show, by its first bytes.
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def render(template: Path, /, **values: object) -> str:
    """Return a report as HTML text.

    Args:
        template: extends `page.html`, which lies here, and fills its blocks.
        values: what the template may name; all texts are escaped.

    Raises:
        jinja2.UndefinedError: the template names something else.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    return environment.get_template(template.name).render(values)


def filled(html: str, place: str, content: str) -> str:
    """Return a page with content between the comments `<!-- place -->` and `<!-- /place -->`.

    What stands there is replaced. Texts from outside are escaped, so no name can make such a place.

    >>> filled("<p><!-- verdict --><!-- /verdict --></p>", "verdict", "deploy")
    '<p><!-- verdict -->deploy<!-- /verdict --></p>'
    """
    start, end = f"<!-- {place} -->", f"<!-- /{place} -->"
    before, _, rest = html.partition(start)
    return f"{before}{start}{content}{end}{rest.partition(end)[2]}"


def data_uri(picture: bytes | None) -> str:
    """Return an address that holds the picture, "" for none and for what no browser shows."""
    if not picture:
        return ""
    kind = next((kind for start, kind in _KINDS.items() if picture.startswith(start)), "")
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}" if kind else ""
