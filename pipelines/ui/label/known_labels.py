"""The labels that the data set has: to be searched, and corrected."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from components.common.errors import DataError
from components.ingest.commands import PictureRecord, SourceData
from pipelines.ui.frame import page
from pipelines.ui.label.visits import OpenRooms, place, who_labels
from pipelines.ui.pictures import send_picture

_SHOWN = 48


@dataclass(frozen=True, kw_only=True)
class KnownPage:
    """Some pictures of a data set; `begin` is the place of the first among `total` found."""

    pictures: tuple[PictureRecord, ...]
    classes: tuple[str, ...]
    label: str
    text: str
    begin: int
    total: int

    @property
    def end(self) -> int:
        """The place of the first one of the next page."""
        return self.begin + len(self.pictures)

    @property
    def before(self) -> int:
        """The place of the first one of the page before."""
        return max(0, self.begin - _SHOWN)


class KnownLabels:
    """The handlers."""

    def __init__(self, rooms: OpenRooms) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        return [
            web.get("/label/known", self.show),
            web.get("/label/known/picture", self.send),
            web.post("/label/known", self.correct),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Show pictures with their labels."""
        query = request.query
        kept = await self._rooms.opened(request, query.get("model", ""))
        kept.listing = await asyncio.to_thread(kept.room.source)
        first = query.get("first", "")
        found = _found(
            kept.listing,
            label=query.get("label", ""),
            text=query.get("text", "").strip(),
            begin=int(first) if first.isdecimal() else 0,
        )
        return page(
            request,
            "label-known.html",
            model=kept.room.model,
            who=who_labels(request),
            found=found,
            said=query.get("said", ""),
        )

    async def send(self, request: web.Request) -> web.Response:
        """Send a small picture."""
        kept = await self._rooms.kept(request, request.query.get("model", ""))
        if kept.listing is None:
            kept.listing = await asyncio.to_thread(kept.room.source)
        name = request.query.get("name", "")
        # A name is looked up, never taken for a path.
        known = next((one.file for one in kept.listing.pictures if one.name == name), None)
        return await send_picture(known, small=True)

    async def correct(self, request: web.Request) -> web.Response:
        """Correct a label."""
        form = await self._rooms.form(request)
        room = form.kept.room
        name, label, corrected = map(form.field, ("name", "label", "corrected"))
        done = await asyncio.to_thread(room.correct, name, label, corrected, by=form.who)
        form.kept.listing = None
        if done.pin_problem:
            raise DataError(
                f"{done.pin} to pin the corrected label",
                received=f"'{done.pin_problem}'",
                do="the label is corrected; put this right and run 'dvc commit'",
            )
        back = place(
            "/label/known",
            model=room.model,
            label=form.field("shown_label"),
            text=form.field("text"),
            first=form.field("first"),
            said=f"{name}: {label} → {corrected}" if done.corrections else "",
        )
        raise web.HTTPSeeOther(back)


def _found(source: SourceData, *, label: str, text: str, begin: int) -> KnownPage:
    found = [
        one
        for one in source.pictures
        if label in {"", one.label} and text.casefold() in one.name.casefold()
    ]
    begin = min(begin, max(0, len(found) - 1))
    return KnownPage(
        pictures=tuple(found[begin : begin + _SHOWN]),
        classes=source.classes,
        label=label,
        text=text,
        begin=begin,
        total=len(found),
    )
