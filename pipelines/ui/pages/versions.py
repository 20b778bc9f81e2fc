"""Versions: passports side by side; let another version serve, with a reason."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from components.common.artifacts.deployment import read_switches
from components.common.artifacts.model_folder import is_number, passport_page_path
from components.common.artifacts.passport import Passport
from components.common.errors import InputError
from components.deploy.commands import rollback
from pipelines.data.history import user_name
from pipelines.passports.compare import side_by_side
from pipelines.ui.frame import page, settings_of
from pipelines.ui.jobs.records import ConsoleJob, job_folder
from pipelines.ui.jobs.start import start
from pipelines.ui.models.published import model_folder_of, model_names
from pipelines.ui.settings import UiSettings
from pipelines.ui.versions.listed import ListedVersion, held_candidates, listed_versions

ORDER = 40

# What a server sees.
_SEEN = frozenset({"serves", "at hand"})
# A passport's page has its style in itself and pictures as data; no script, no form.
_PASSPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    return [
        web.get("/versions", show),
        web.get("/versions/passport", show_passport),
        web.get("/versions/switch", ask_to_switch),
        web.post("/versions/switch", switch),
        web.post("/versions/override", override),
    ]


async def show(request: web.Request) -> web.Response:
    """Show a model's versions, two of them side by side."""
    settings = settings_of(request)
    names = await asyncio.to_thread(model_names, settings.models)
    if not names:
        return page(request, "versions-none.html")
    name = request.query.get("model") or names[0]
    folder = await asyncio.to_thread(model_folder_of, settings.models, name)
    listed = await asyncio.to_thread(listed_versions, folder)
    pair = _pair(listed, request.query)
    lines = side_by_side(*pair) if pair else ()
    return page(
        request,
        "versions.html",
        names=names,
        name=name,
        listed=listed,
        first=pair[0] if pair else None,
        second=pair[1] if pair else None,
        lines=lines,
        held=await asyncio.to_thread(held_candidates, settings.runs_dir, folder),
        switches=tuple(reversed(read_switches(folder)))[:10],
        user=await asyncio.to_thread(user_name, Path.cwd()),
    )


async def show_passport(request: web.Request) -> web.StreamResponse:
    """Show a version's passport as deploy wrote it."""
    folder, number = _version_asked(request.query, settings_of(request).models)
    path = passport_page_path(folder, number)
    if not path.is_file():
        raise InputError(
            f"a page for the passport of version {number}",
            received="none",
            do="look at the figures in the table",
        )
    return web.FileResponse(path, headers={"Content-Security-Policy": _PASSPORT_POLICY})


async def ask_to_switch(request: web.Request) -> web.Response:
    """Show what would serve and what would be taken back, and ask for the reason."""
    folder, number = _version_asked(request.query, settings_of(request).models)
    listed = await asyncio.to_thread(listed_versions, folder)
    target = _usable(listed, number)
    above = [one.number for one in listed if one.number > number and one.state in _SEEN]
    return page(
        request,
        "versions-switch.html",
        name=folder.name,
        target=target,
        above=above,
        user=await asyncio.to_thread(user_name, Path.cwd()),
    )


async def switch(request: web.Request) -> web.Response:
    """Let another version serve."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    folder, number = _version_asked(form, settings_of(request).models)
    by, reason = _by_and_reason(form)
    await asyncio.to_thread(
        rollback, folder.parent.resolve(), folder.name, to=number, by=by, reason=reason
    )
    raise web.HTTPSeeOther(f"/versions?{urlencode({'model': folder.name})}")


async def override(request: web.Request) -> web.Response:
    """Deploy a candidate that the gate held back, in a process of its own."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    settings = settings_of(request)
    folder = await asyncio.to_thread(model_folder_of, settings.models, form.get("model", ""))
    held = await asyncio.to_thread(held_candidates, settings.runs_dir, folder)
    run = form.get("run", "")
    job = _override_job(form, settings, folder.name)
    if run not in {one.run for one in held} and not job_folder(settings.state, job.id).is_dir():
        raise InputError(
            "a run whose candidate was held back", received=f"'{run}'", do="choose it from the list"
        )
    await asyncio.to_thread(start, settings.state, job)
    raise web.HTTPSeeOther(f"/new/run/{job.id}")


def _override_job(form: Mapping[str, str], settings: UiSettings, model_name: str) -> ConsoleJob:
    by, reason = _by_and_reason(form)
    run = form.get("run", "")
    words = ("gate", "override", f"--reason={reason}", f"--by={by}")
    return ConsoleJob(
        id=form.get("once", ""),
        kind="override",
        words=(*words, "--runs-dir", str(settings.runs_dir), "--", run),
        model_name=model_name,
        about=run,
        started_unix_s=time.time(),
    )


def _by_and_reason(form: Mapping[str, str]) -> tuple[str, str]:
    by, reason = form.get("by", "").strip(), form.get("reason", "").strip()
    if not by or not reason:
        raise InputError(
            "a name and a reason that others can follow later",
            received="an empty one",
            do="go back and write both",
        )
    return by, reason


def _version_asked(asked: Mapping[str, str], models: Path) -> tuple[Path, int]:
    number = asked.get("version", "")
    if not is_number(number) or len(number) > 18:
        raise InputError(
            "the number of a version", received=f"'{number[:80]}'", do="choose it from the list"
        )
    return model_folder_of(models, asked.get("model", "")), int(number)


def _usable(listed: tuple[ListedVersion, ...], number: int) -> ListedVersion:
    found = next((one for one in listed if one.number == number and one.can_serve), None)
    if found is None:
        raise InputError(
            "a version that does not serve and still has its files",
            received=f"version {number}",
            do="choose one that has the button",
        )
    return found


def _pair(
    listed: tuple[ListedVersion, ...], asked: Mapping[str, str]
) -> tuple[Passport, Passport] | None:
    """Return the passports of the two versions asked for; else of the serving one and another."""
    known = {str(one.number): one.passport for one in listed if one.passport is not None}
    serving = [str(one.number) for one in listed if one.state == "serves"]
    order = [asked.get("second", ""), *serving, *known]
    second = next((one for one in order if one in known), "")
    before = [one for one in known if second and int(one) < int(second)]
    order = [asked.get("first", ""), *before, *known]
    first = next((one for one in order if one in known and one != second), "")
    if not first:
        return None
    return known[first], known[second]
