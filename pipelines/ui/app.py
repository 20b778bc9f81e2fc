"""The application: pages found by their file names, one guard, errors said on the page."""

import logging
from pathlib import Path

from aiohttp import web

from components.common import plugins
from components.common.errors import GraftError, InputError, ServerError
from components.common.report import page as report_page
from pipelines.ui.frame import (
    LANGUAGE_COOKIE,
    MENU,
    SETTINGS,
    is_part,
    key_of,
    language_of,
    page,
    words,
)
from pipelines.ui.security import HEALTH, Guard, Handler
from pipelines.ui.settings import UiSettings, check_access

LOG = logging.getLogger(__name__)

PAGES = "pipelines.ui.pages"
_STATIC = Path(__file__).with_name("static")
_REPORT_STYLE = Path(report_page.__file__).with_name("page.css")


def create_app(settings: UiSettings) -> web.Application:
    """Return the console; nothing is read or opened before it is asked for.

    Raises:
        ConfigError: it would listen to other machines without a token.
    """
    check_access(settings)
    modules = {key: plugins.load(PAGES, key) for key in plugins.names(PAGES)}
    upload_bytes = {
        path: size
        for module in modules.values()
        for path, size in getattr(module, "UPLOAD_BYTES", {}).items()
    }
    guard = Guard(settings, upload_bytes)
    app = web.Application(middlewares=[_errors_said, guard.middleware])
    app.on_response_prepare.append(guard.set_headers)
    app[SETTINGS] = settings
    app[MENU] = tuple(sorted(modules, key=lambda key: modules[key].ORDER))
    app.add_routes([web.get("/", _home), web.get(HEALTH, _health), web.get("/page.css", _style)])
    app.router.add_static("/static/", _STATIC)
    for module in modules.values():
        app.add_routes(module.routes())
    return app


async def _home(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"/{request.app[MENU][0]}")


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _style(_: web.Request) -> web.FileResponse:
    return web.FileResponse(_REPORT_STYLE)


@web.middleware
async def _errors_said(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say on the page what went wrong; keep the reader's choice of a language."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = _said(request, error.status, error.text or error.reason)
    except GraftError as error:
        response = _said(request, _status(error), str(error))
    except Exception:
        LOG.exception("%s %s", request.method, request.path)
        say = words(key_of(request), language_of(request))
        response = _said(request, 500, say("error.unexpected"))
    if "lang" in request.query and not response.prepared:
        response.set_cookie(LANGUAGE_COOKIE, language_of(request), samesite="Lax")
    return response


def _said(request: web.Request, status: int, text: str) -> web.Response:
    template = "frame-error-part.html" if is_part(request) else "frame-error.html"
    return page(request, template, status=status, error=text)


def _status(error: GraftError) -> int:
    if isinstance(error, InputError):
        return 400
    return 502 if isinstance(error, ServerError) else 500
