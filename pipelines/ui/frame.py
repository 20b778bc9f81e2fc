"""What every page uses: the settings, the words in the reader's language, the templates."""

import importlib.util
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components.common.report.texts import LANGUAGES, Language, Texts, load_texts
from components.common.statistics.figures import LABELS
from components.common.times import utc_minute
from components.gate.commands import verdict_texts
from pipelines.ui.security import csrf_of
from pipelines.ui.settings import UiSettings

SETTINGS = web.AppKey("settings", UiSettings)
MENU = web.AppKey("menu", tuple[str, ...])
LANGUAGE_COOKIE = "graft_language"
_WORDS = "pipelines.ui.languages"
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, kw_only=True)
class MenuEntry:
    """A page in the menu."""

    key: str
    text: str
    here: bool


def settings_of(request: web.Request) -> UiSettings:
    """Return the console's settings."""
    return request.app[SETTINGS]


def page(
    request: web.Request, template: str, /, *, status: int = 200, **values: Any
) -> web.Response:
    """Return a page.

    Args:
        request: its path says whose words the template uses: `/models/…` has those of `models`.
        template: a file in `templates/`; what it names and `values` lacks is an error.
        status: of the answer.
        values: for the template, which also has `say`, `key`, `csrf` and `once()`.
    """
    key = key_of(request)
    language = language_of(request)
    text = (
        _environment()
        .get_template(template)
        .render(
            key=key,
            say=words(key, language),
            menu=[
                MenuEntry(key=one, text=words(one, language)("menu"), here=one == key)
                for one in request.app[MENU]
            ],
            language=language,
            languages=LANGUAGES,
            csrf=csrf_of(request),
            once=lambda: secrets.token_urlsafe(16),
            in_language=lambda one: _in_language(request, one),
            **values,
        )
    )
    return web.Response(text=text, status=status, content_type="text/html")


def part(request: web.Request, template: str, /, **values: Any) -> web.Response:
    """Return a part of a page as `page` does; without htmx, in a frame of its own."""
    if is_part(request):
        return page(request, template, **values)
    return page(request, "frame-part.html", part=template, **values)


def is_part(request: web.Request) -> bool:
    """Return whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def key_of(request: web.Request) -> str:
    """Return the key of the page that a request is about, "" for none."""
    key = request.path.split("/")[1]
    return key if key in request.app[MENU] else ""


def language_of(request: web.Request) -> Language:
    """Return what `?lang=` says, else the reader's last choice, else the console's language."""
    for word in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        for known in LANGUAGES:
            if word is not None and word.lower() == known.lower():
                return known
    return settings_of(request).language


def _in_language(request: web.Request, language: Language) -> str:
    """Return the address of this page in a language; of a form's answer, its page's."""
    if request.method != "GET":
        return f"/{key_of(request)}?lang={language}"
    return str(request.rel_url.update_query(lang=language))


@cache
def words(key: str, language: Language) -> Texts:
    """Return the words of a page and of the frame around it; "" is the frame alone.

    Sentences of verdicts are translated as the report does.
    """
    layers = [load_texts(f"{_WORDS}.frame", language)]
    if key and importlib.util.find_spec(f"{_WORDS}.{key}") is not None:
        layers.append(load_texts(f"{_WORDS}.{key}", language))
    said = [verdict_texts(language), *layers]
    return Texts(
        language,
        {name: text for one in layers for name, text in one.table.items()},
        {english: text for one in said for english, text in one.sentences.items()},
        {english: text for one in said for english, text in one.words.items()},
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = utc_minute
    environment.filters["label"] = lambda name: LABELS.get(name, name.replace("_", " "))
    return environment
