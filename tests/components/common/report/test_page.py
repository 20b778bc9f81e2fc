"""The page that the reports of the steps extend."""

from pathlib import Path

import jinja2
import pytest

from components.common.report import page

TEMPLATE = """{% extends "page.html" %}
{% block subject %}Weights · {{ name }}{% endblock %}
{% block lead %}All {{ count }} are heavy.{% endblock %}
{% block style %}.own { color: red; }{% endblock %}
{% block sections %}
<section><img src="{{ picture | data_uri }}" alt=""></section>
{% endblock %}
"""
PNG = b"\x89PNG\r\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.html"
    path.write_text(TEMPLATE)
    return path


def test_a_report_fills_the_page_and_fetches_nothing(template: Path) -> None:
    text = page.render(template, name="a & b", count=3, picture=PNG)
    assert text.startswith("<!doctype html>") and text.count("<style>") == 1
    assert "<title>Weights · a &amp; b</title>" in text
    assert "<h1>Weights · a &amp; b</h1>" in text
    assert '<p class="lead">All 3 are heavy.</p>' in text
    assert ".scroll { overflow-x: auto;" in text and ".own { color: red; }" in text
    assert '<img src="data:image/png;base64,' in text
    assert not any(word in text for word in ("http", "<link", "<script", "@import", "url("))


def test_a_name_that_nobody_gave_is_an_error_and_not_a_gap(template: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="name"):
        page.render(template, count=3, picture=PNG)


@pytest.mark.parametrize(
    ("picture", "start"),
    [
        (PNG, "data:image/png;base64,iVBO"),
        (b"\xff\xd8\xff\xe0", "data:image/jpeg;base64,"),
        (b"RIFF----WEBP", "data:image/webp;base64,"),
        (b"II*\x00 a TIFF", ""),
        (None, ""),
    ],
)
def test_pictures_become_addresses_if_browsers_show_them(picture: bytes | None, start: str) -> None:
    uri = page.data_uri(picture)
    assert uri.startswith(start) and bool(uri) is bool(start)
