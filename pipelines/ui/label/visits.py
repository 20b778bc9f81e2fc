"""Who labels what: the person by a cookie, the model's room by the form or the address."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from aiohttp import web

from components.common.errors import ConfigError
from components.ingest.commands import SourceData
from pipelines.ui.frame import settings_of
from pipelines.ui.label.job import LabelJob
from pipelines.ui.label.room import LabelRoom, open_room

_WHO_COOKIE = "graft_labeller"
_WHO_S = 365 * 86_400
_MOST_LETTERS = 60


@dataclass
class OpenRoom:
    """What the console remembers of a model between two requests."""

    room: LabelRoom
    job: LabelJob | None = None
    listing: SourceData | None = None


@dataclass(frozen=True)
class LabelForm:
    """A form that somebody with a name has sent about a model."""

    kept: OpenRoom
    who: str
    fields: dict[str, str]

    def field(self, name: str) -> str:
        """Return a field, "" where the form has none of this name."""
        return self.fields.get(name, "")

    def label(self, name: str = "label", *, may_be_empty: bool = False) -> str:
        """Return a field that is one of the model's classes.

        Raises:
            ConfigError: it is none.
        """
        label, classes = self.field(name), self.kept.room.classes
        if label not in classes and not (may_be_empty and not label):
            raise ConfigError(
                f"one of the classes {', '.join(classes)}",
                received=f"'{label}'",
                do="choose one of them",
            )
        return label


class OpenRooms:
    """The rooms that were opened since the console began."""

    def __init__(self) -> None:
        self._rooms: dict[str, OpenRoom] = {}

    async def opened(self, request: web.Request, model: str) -> OpenRoom:
        """Return a model's room by its settings as they are now; desk and job stay.

        Raises:
            InputError: as `open_room`.
        """
        room = await asyncio.to_thread(open_room, settings_of(request), model)
        known = self._rooms.get(model)
        if known is None:
            known = self._rooms[model] = OpenRoom(room)
        elif known.room != (room := replace(room, desk=known.room.desk)):
            known = self._rooms[model] = OpenRoom(room, known.job)
        return known

    async def kept(self, request: web.Request, model: str) -> OpenRoom:
        """Return a model's room as it was opened last."""
        return self._rooms.get(model) or await self.opened(request, model)

    async def form(self, request: web.Request) -> LabelForm:
        """Return a form.

        Raises:
            ConfigError: nobody has said who labels.
            InputError: as `open_room`.
        """
        fields: dict[str, Any] = dict(await request.post())
        who = who_labels(request)
        if not who:
            raise ConfigError(
                "the name of who labels", received="none", do="enter it on the page Label"
            )
        texts = {name: value for name, value in fields.items() if isinstance(value, str)}
        return LabelForm(await self.kept(request, texts.get("model", "")), who, texts)


def who_labels(request: web.Request) -> str:
    """Return the name that the browser remembers, "" for none."""
    name = unquote(request.cookies.get(_WHO_COOKIE, ""))
    return name if name.isprintable() else ""


def remember_who(response: web.Response, name: str) -> None:
    """Have the browser remember who labels.

    Raises:
        ConfigError: it is no name.
    """
    plain = " ".join(name.split())
    if not plain or not plain.isprintable() or len(plain) > _MOST_LETTERS:
        raise ConfigError(
            f"a name of 1 to {_MOST_LETTERS} letters", received=f"'{plain}'", do="enter yours"
        )
    response.set_cookie(_WHO_COOKIE, quote(plain), max_age=_WHO_S, httponly=True, samesite="Strict")


def place(path: str, **query: str) -> str:
    """Return an address with what is not ""."""
    said = {key: value for key, value in query.items() if value}
    return f"{path}?{urlencode(said)}" if said else path
