"""Models: what serves, and how it is doing."""

from aiohttp import web

from pipelines.ui.frame import page

ORDER = 10


def routes() -> list[web.RouteDef]:
    """Return the page's paths."""
    return [web.get("/models", show)]


async def show(request: web.Request) -> web.Response:
    """Show all models."""
    return page(request, "models.html")
