"""Watch: how production has been, day by day, and what an alarm was about."""

import asyncio
import contextlib
import re
import time
from functools import partial
from pathlib import Path

from aiohttp import web

from components.common.artifacts.model_folder import newest_version, reference_path, settings_path
from components.common.artifacts.monitoring.prediction_log import PICTURES, model_log
from components.common.artifacts.monitoring.reference import Reference
from components.common.errors import DataError, InputError
from components.monitor.commands import DecisionHistory, harm_sentence
from pipelines.ui.frame import page, part, settings_of
from pipelines.ui.models.published import model_folder_of, model_names
from pipelines.ui.pictures import send_picture
from pipelines.ui.watch.drawing import colour_of, draw
from pipelines.ui.watch.timeline import read_report, read_timeline

ORDER = 50

_DAYS = (7, 30, 90)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    return [
        web.get("/watch", show),
        web.get("/watch/timeline", show_timeline),
        web.get("/watch/look", show_look),
        web.get("/watch/came", send_what_came),
        web.get("/watch/known", send_what_was_known),
    ]


async def show(request: web.Request) -> web.Response:
    """Show which model and which time; the timeline comes as a part."""
    names = await asyncio.to_thread(model_names, settings_of(request).models)
    model = request.query.get("model") or (*names, "")[0]
    if model:
        model_folder_of(settings_of(request).models, model)
    return page(
        request, "watch.html", models=names, model=model, days=_days(request), choices=_DAYS
    )


async def show_timeline(request: web.Request) -> web.Response:
    """Show the timeline of a model."""
    settings, model = settings_of(request), request.query.get("model", "")
    model_dir = model_folder_of(settings.models, model)
    timeline = await asyncio.to_thread(
        read_timeline,
        model_dir,
        log=model_log(settings.log, model),
        runs_dir=settings.runs_dir,
        days=_days(request),
        now_unix_s=time.time(),
    )
    newest = newest_version(model_dir)
    return part(
        request,
        "watch-timeline.html",
        model=model,
        timeline=timeline,
        charts=draw(timeline),
        colour_of=colour_of,
        preset=settings_path(model_dir, newest.number) if newest else "…",
    )


def _days(request: web.Request) -> int:
    asked = request.query.get("days", "")
    return int(asked) if asked in map(str, _DAYS) else _DAYS[1]


async def show_look(request: web.Request) -> web.Response:
    """Show one look: why, which detectors, and the pictures that show it best.

    Raises:
        DataError: the monitor has no such look on record.
    """
    settings, model = settings_of(request), request.query.get("model", "")
    model_dir = model_folder_of(settings.models, model)
    run_id = request.query.get("run", "")
    entries = await asyncio.to_thread(DecisionHistory(model_dir).entries)
    entry = next((one for one in entries if one.run_id == run_id), None)
    if entry is None:
        raise DataError("a look on record", received=f"'{run_id}'", do="choose one on Watch")
    report = await asyncio.to_thread(read_report, settings.runs_dir, run_id)
    return page(
        request,
        "watch-look.html",
        model=model,
        entry=entry,
        report=report,
        harm=harm_sentence(report.harm) if report and report.harm else "",
        came=partial(_came, model_log(settings.log, model)),
        known=partial(_known, model_dir, entry.version),
    )


async def send_what_came(request: web.Request) -> web.Response:
    """Send a picture of the log, as a thumbnail."""
    settings = settings_of(request)
    model_dir = model_folder_of(settings.models, request.query.get("model", ""))
    log = model_log(settings.log, model_dir.name)
    return await send_picture(_came(log, request.query.get("sha256", "")), small=True)


async def send_what_was_known(request: web.Request) -> web.Response:
    """Send the small copy of a picture that a version's reference keeps."""
    query = request.query
    model_dir = model_folder_of(settings_of(request).models, query.get("model", ""))
    version = query.get("version", "")
    number = int(version) if version.isdecimal() else 0
    return await send_picture(_known(model_dir, number, query.get("sha256", "")))


def _came(log: Path, sha256: str) -> Path | None:
    """Return where the log keeps a picture; None where it does not, or this is no SHA-256."""
    return next((log / PICTURES).glob(f"{sha256}.*"), None) if _SHA256.fullmatch(sha256) else None


def _known(model_dir: Path, version: int, sha256: str) -> Path | None:
    """Return where a reference keeps a picture, None as `_came`."""
    if not _SHA256.fullmatch(sha256):
        return None
    with contextlib.suppress(OSError, InputError):
        place = Reference.read(reference_path(model_dir, version)).picture_path(sha256)
        return place if place.is_file() else None
    return None
