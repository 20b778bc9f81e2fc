"""New: choose or send a folder of pictures, look at it, start a run, watch it, read its report."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.web_request import FileField

from components.common.errors import DataError, InputError
from components.common.files import create
from components.common.pictures.decode import PICTURE_SUFFIXES
from components.ingest.commands import offered
from pipelines.ui.frame import page, part, settings_of
from pipelines.ui.jobs.look import JobView, jobs, look
from pipelines.ui.jobs.records import job_folder
from pipelines.ui.jobs.start import start, stop
from pipelines.ui.new.facts import folder_facts
from pipelines.ui.new.folders import checked_folder, checked_place, listing, roots
from pipelines.ui.new.runs import OWN, RunWish, has_own_preset, run_job, run_settings, ways
from pipelines.ui.new.uploads import MOST_BYTES, SentFile, receive
from pipelines.ui.pictures import send_picture

ORDER = 20
UPLOAD_BYTES = {"/new/upload": MOST_BYTES + (64 << 20)}

_MOST_JOBS = 10
# A report has its style in itself and pictures as data; no script, no form.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    return [
        web.get("/new", show),
        web.get("/new/facts", show_facts),
        web.get("/new/look", show_look),
        web.get("/new/picture", show_picture),
        web.post("/new/upload", upload),
        web.post("/new/start", start_run),
        web.get("/new/run/{job}", show_run),
        web.get("/new/run/{job}/steps", show_steps),
        web.get("/new/run/{job}/report", show_report),
        web.post("/new/run/{job}/stop", stop_run),
    ]


async def show(request: web.Request) -> web.Response:
    """Show folders to choose from, a place to drop pictures, and the runs started here."""
    settings = settings_of(request)
    asked = request.query.get("in", "")
    place = checked_folder(asked) if asked else roots()[0]
    return page(
        request,
        "new.html",
        listing=await asyncio.to_thread(listing, place),
        roots=tuple(dict.fromkeys(roots())),
        jobs=await asyncio.to_thread(
            jobs, settings.state, runs_dir=settings.runs_dir, most=_MOST_JOBS
        ),
    )


async def show_facts(request: web.Request) -> web.Response:
    """Show a folder that was chosen; what takes longer comes as a part."""
    folder = await asyncio.to_thread(checked_folder, request.query.get("folder", ""))
    return page(request, "new-facts.html", folder=folder)


async def show_look(request: web.Request) -> web.Response:
    """Show what a folder offers, and the form that starts a run."""
    settings = settings_of(request)
    folder = await asyncio.to_thread(checked_folder, request.query.get("folder", ""))
    chosen = run_settings(RunWish(folder=folder, way=""), settings=settings)
    facts = await asyncio.to_thread(folder_facts, chosen.run)
    return part(
        request,
        "new-look.html",
        folder=folder,
        facts=facts,
        most=max((one.pictures for one in facts.classes), default=1),
        ways=ways(facts.offered),
        own=OWN if has_own_preset() else "",
        model_name=chosen.run.model_name,
    )


async def show_picture(request: web.Request) -> web.Response:
    """Show a small copy of a picture that lies where a reader may look."""
    path = await asyncio.to_thread(checked_place, request.query.get("path", ""))
    if path.suffix.lower() not in PICTURE_SUFFIXES or not path.is_file():
        raise DataError("a picture", received=f"'{path.name[:80]}'", do="choose another one")
    return await send_picture(path, small=True)


async def upload(request: web.Request) -> web.Response:
    """Take pictures that a browser sends, as a new folder where the console was started."""
    form = await request.post()
    name = str(form.get("name", "")).strip()
    if not name or Path(name).name != name or name.startswith(".") or not name.isprintable():
        raise InputError("a name for the folder", received=f"'{name[:80]}'", do="write one")
    files = [
        SentFile(name=one.filename, stream=one.file)
        for one in form.getall("files", [])
        if isinstance(one, FileField) and one.filename
    ]
    target = Path.cwd() / name
    # A form sent twice finds what the first one has made.
    mark = job_folder(settings_of(request).state, str(form.get("once", "")))
    mark = mark.with_name(f"upload-{mark.name}")
    if not (mark.is_file() and target.is_dir()):
        await asyncio.to_thread(receive, files, target)
        mark.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(create, mark, name.encode())
    raise web.HTTPSeeOther(f"/new/facts?{urlencode({'folder': target})}")


async def start_run(request: web.Request) -> web.Response:
    """Start a run, once for a form however often it is sent."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    settings = settings_of(request)
    once = form.get("once", "")
    if not job_folder(settings.state, once).is_dir():
        await asyncio.to_thread(_start, form, request)
    raise web.HTTPSeeOther(f"/new/run/{once}")


def _start(form: Mapping[str, str], request: web.Request) -> None:
    settings = settings_of(request)
    folder = checked_folder(form.get("folder", ""))
    wish = RunWish(
        folder=folder, way=form.get("way", ""), model_name=form.get("model_name", "").strip()
    )
    plain = run_settings(RunWish(folder=folder, way=""), settings=settings)
    advice = ways(offered(plain.run.ingest))
    chosen = run_settings(wish, settings=settings, advice=advice)
    job, files = run_job(chosen, once=form.get("once", ""), folder=folder, settings=settings)
    start(settings.state, job, files)


async def show_run(request: web.Request) -> web.Response:
    """Show how a job stands."""
    return page(request, "new-run.html", view=await _view(request))


async def show_steps(request: web.Request) -> web.Response:
    """Show what changes while a job runs."""
    return part(request, "new-steps.html", view=await _view(request))


async def show_report(request: web.Request) -> web.StreamResponse:
    """Show the report of a run that is over."""
    view = await _view(request)
    report = Path(view.summary.report) if view.summary and view.summary.report else None
    if report is None or not report.is_file():
        raise InputError(
            "the report of a run that is over", received="none yet", do="wait for its end"
        )
    return web.FileResponse(report, headers={"Content-Security-Policy": _REPORT_POLICY})


async def stop_run(request: web.Request) -> web.Response:
    """Stop a job, as Ctrl-C would."""
    view = await _view(request)
    await asyncio.to_thread(stop, settings_of(request).state, view.job.id)
    raise web.HTTPSeeOther(f"/new/run/{view.job.id}")


async def _view(request: web.Request) -> JobView:
    settings = settings_of(request)
    job_id = request.match_info["job"]
    return await asyncio.to_thread(look, settings.state, job_id, runs_dir=settings.runs_dir)
