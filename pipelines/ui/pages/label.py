"""Label: pictures of production, one at a time; and the labels that the data set has."""

import asyncio
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from components.common.errors import ConfigError
from components.label.commands import Conflict, DeskCounts, DeskReply, WaitingPicture
from pipelines.ui.frame import is_part, page, part, settings_of
from pipelines.ui.label.job import LabelJob
from pipelines.ui.label.known_labels import KnownLabels
from pipelines.ui.label.visits import OpenRoom, OpenRooms, place, remember_who, who_labels
from pipelines.ui.models.published import model_names
from pipelines.ui.pictures import send_picture

ORDER = 30

_MOST_ASKED = 20_000


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    rooms = OpenRooms()
    return [*_LabelPage(rooms).routes(), *KnownLabels(rooms).routes()]


@dataclass(frozen=True, kw_only=True)
class _DeskView:
    """What the template shows: the picture to answer and the next one, and how the work goes.

    said: what became of the last answer. took_back: whether one was taken back; None where
        nobody asked for that.
    """

    pictures: tuple[WaitingPicture, ...]
    counts: DeskCounts
    conflicts: tuple[Conflict, ...]
    classes: tuple[str, ...]
    job: LabelJob | None
    said: DeskReply | None = None
    took_back: bool | None = None


class _LabelPage:
    """The handlers of the desk."""

    def __init__(self, rooms: OpenRooms) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/label", self.show),
            web.post("/label/who", self.say_who),
            web.post("/label/answer", self.answer),
            web.post("/label/undo", self.undo),
            web.post("/label/decide", self.decide),
            web.post("/label/fill", self.fill),
            web.post("/label/hand-in", self.hand_in),
            web.get("/label/job", self.show_job),
            web.get("/label/picture", self.send),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Show the next picture, or what to do where there is none."""
        names = await asyncio.to_thread(model_names, settings_of(request).models)
        who, model = who_labels(request), request.query.get("model") or (*names, "")[0]
        desk = None
        if model:
            kept = await self._rooms.opened(request, model)
            desk = await _view(kept, who) if who else None
        room = kept.room if model else None
        return page(request, "label.html", models=names, model=model, room=room, who=who, desk=desk)

    async def say_who(self, request: web.Request) -> web.Response:
        """Remember in a cookie who labels."""
        form = await request.post()
        back = web.HTTPSeeOther(place("/label", model=str(form.get("model", ""))))
        remember_who(back, str(form.get("who", "")))
        raise back

    async def answer(self, request: web.Request) -> web.Response:
        """Take down an answer; it is on the disk before the next picture shows."""
        form = await self._rooms.form(request)
        said = await asyncio.to_thread(
            form.kept.room.desk.answer,
            form.field("sha256"),
            by=form.who,
            label=form.label(may_be_empty=True),
        )
        return await self._next(request, form.kept, await _view(form.kept, form.who, said=said))

    async def undo(self, request: web.Request) -> web.Response:
        """Take the person's last answer back and show its picture again."""
        form = await self._rooms.form(request)
        sha256 = await asyncio.to_thread(form.kept.room.desk.undo, form.who)
        view = await _view(form.kept, form.who, first=sha256, took_back=bool(sha256))
        return await self._next(request, form.kept, view)

    async def decide(self, request: web.Request) -> web.Response:
        """Settle what two people answered differently."""
        form = await self._rooms.form(request)
        desk, label = form.kept.room.desk, form.label()
        await asyncio.to_thread(desk.decide, form.field("sha256"), by=form.who, label=label)
        raise web.HTTPSeeOther(place("/label", model=form.kept.room.model))

    async def fill(self, request: web.Request) -> web.Response:
        """Start to choose pictures of the log."""
        form = await self._rooms.form(request)
        count = form.field("count")
        if not count.isdecimal() or not 0 < int(count) <= _MOST_ASKED:
            raise ConfigError(
                f"a number of pictures from 1 to {_MOST_ASKED}",
                received=f"'{count}'",
                do="correct it",
            )
        return self._started(form.kept, LabelJob("fill", partial(form.kept.room.fill, int(count))))

    async def hand_in(self, request: web.Request) -> web.Response:
        """Start to take the answers into the data set."""
        form = await self._rooms.form(request)
        return self._started(
            form.kept, LabelJob("hand_in", partial(form.kept.room.hand_in, form.who))
        )

    async def show_job(self, request: web.Request) -> web.Response:
        """Show how far the work is; once it has ended, the whole page to who has no picture."""
        kept = await self._rooms.kept(request, request.query.get("model", ""))
        idle = "idle" in request.query
        response = part(request, "label-job.html", model=kept.room.model, job=kept.job, idle=idle)
        if is_part(request) and idle and not (kept.job and kept.job.running):
            response.headers["HX-Refresh"] = "true"
        return response

    async def send(self, request: web.Request) -> web.Response:
        """Send a picture of the queue."""
        kept = await self._rooms.kept(request, request.query.get("model", ""))
        found = kept.room.desk.picture(request.query.get("sha256", ""))
        return await send_picture(found.file if found else None, grey_range=kept.room.grey_range)

    def _started(self, kept: OpenRoom, job: LabelJob) -> web.Response:
        # One at a time: a form that is sent twice starts one.
        if kept.job is None or not kept.job.running:
            kept.job = job
            job.start()
        raise web.HTTPSeeOther(place("/label", model=kept.room.model))

    async def _next(self, request: web.Request, kept: OpenRoom, view: _DeskView) -> web.Response:
        model, who = kept.room.model, who_labels(request)
        if is_part(request):
            return page(request, "label-desk.html", model=model, who=who, desk=view)
        names = model_names(settings_of(request).models)
        return page(
            request, "label.html", models=names, model=model, room=kept.room, who=who, desk=view
        )


async def _view(
    kept: OpenRoom,
    who: str,
    *,
    said: DeskReply | None = None,
    first: str = "",
    took_back: bool | None = None,
) -> _DeskView:
    desk = kept.room.desk
    answered_none = said is None and took_back is None
    return _DeskView(
        pictures=await asyncio.to_thread(desk.take, who, first=first),
        counts=desk.counts(who),
        conflicts=desk.conflicts(),
        classes=kept.room.classes,
        # What has ended is said until the next answer.
        job=kept.job if answered_none or (kept.job and kept.job.running) else None,
        said=said,
        took_back=took_back,
    )
