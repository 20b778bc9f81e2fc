"""Try: one picture, what the serving model says of it, and where it looks."""

import asyncio

from aiohttp import web

from components.common.artifacts.model_folder import newest_version
from components.common.artifacts.passport import read_passport
from components.common.errors import DataError
from components.common.pictures.grey_range import FULL
from pipelines.ui.frame import is_part, page, settings_of
from pipelines.ui.models.published import model_folder_of, model_names
from pipelines.ui.settings import UiSettings
from pipelines.ui.try_out.asking import Opinion, TryRequest
from pipelines.ui.try_out.process import ask

ORDER = 60

MOST_BYTES = 64 << 20
UPLOAD_BYTES = {"/try_out": MOST_BYTES}
_SHOWN = 8


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    return [web.get("/try_out", show), web.post("/try_out", try_out)]


async def show(request: web.Request) -> web.Response:
    """Show the form."""
    return await _page(request, request.query.get("model", ""), None, ())


async def try_out(request: web.Request) -> web.Response:
    """Ask about the picture that was sent; it is in memory only, or in a temporary file.

    Raises:
        DataError: no file was sent.
        InputError: there is no such model.
    """
    form = await request.post()
    settings, model, sent = settings_of(request), str(form.get("model", "")), form.get("picture")
    if not isinstance(sent, web.FileField) or not sent.filename:
        raise DataError("a picture", received="none", do="choose a file, or drop one")
    with sent.file:
        data = await asyncio.to_thread(sent.file.read)
    about = await asyncio.to_thread(_request_about, settings, model)
    said = await ask(data, about)
    likely = sorted(zip(said.probabilities, about.classes, strict=False), reverse=True)
    return await _page(request, model, said, tuple(likely[:_SHOWN]))


async def _page(
    request: web.Request,
    model: str,
    said: Opinion | None,
    likely: tuple[tuple[float, str], ...],
) -> web.Response:
    if is_part(request):
        return page(request, "try_out-said.html", said=said, likely=likely)
    names = await asyncio.to_thread(model_names, settings_of(request).models)
    return page(
        request,
        "try_out.html",
        models=names,
        model=model,
        most_bytes=MOST_BYTES,
        said=said,
        likely=likely,
    )


def _request_about(settings: UiSettings, model: str) -> TryRequest:
    model_dir = model_folder_of(settings.models, model)
    newest = newest_version(model_dir)
    passport = read_passport(model_dir, newest.number) if newest else None
    return TryRequest(
        gateway=settings.gateway,
        model=model,
        classes=passport.classes if passport else (),
        grey_range=passport.data.grey_range if passport and passport.data else FULL,
    )
