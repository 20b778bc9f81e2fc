"""Models: what serves, since when, what gate and monitor said, how much it is asked."""

import asyncio

from aiohttp import web

from components.common.artifacts.model_folder import newest_version
from components.common.artifacts.passport import Passport
from pipelines.ui.frame import page, part, settings_of
from pipelines.ui.models.published import model_folder_of, published_models
from pipelines.ui.models.servers import loaded_version, servers_at
from pipelines.ui.models.traffic import traffic_of

ORDER = 10

# The first of them that a model has is the one that is shown.
_HEADLINES = ("balanced_accuracy", "accuracy", "roc_auc")


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    return [
        web.get("/models", show),
        web.get("/models/servers", show_servers),
        web.get("/models/of/{model}/health", show_health),
    ]


async def show(request: web.Request) -> web.Response:
    """Show all models; what takes longer than reading their records comes in parts."""
    models = await asyncio.to_thread(published_models, settings_of(request).models)
    return page(request, "models.html", models=models, headline=_headline)


async def show_servers(request: web.Request) -> web.Response:
    """Show whether gateway and model server answer."""
    settings = settings_of(request)
    servers = await servers_at(settings.gateway, settings.server)
    return part(request, "models-servers.html", servers=servers, address=settings.gateway)


async def show_health(request: web.Request) -> web.Response:
    """Show one model's traffic, and the version that a server has loaded."""
    settings, name = settings_of(request), request.match_info["model"]
    folder = await asyncio.to_thread(model_folder_of, settings.models, name)
    newest = newest_version(folder)
    traffic, loaded = await asyncio.gather(
        asyncio.to_thread(traffic_of, settings.log, name),
        asyncio.to_thread(loaded_version, (settings.gateway, settings.server), name),
    )
    return part(request, "models-health.html", traffic=traffic, loaded=loaded, newest=newest)


def _headline(passport: Passport) -> object:
    figures = {one.name: one for one in passport.metrics}
    return next((figures[name] for name in _HEADLINES if name in figures), None)
