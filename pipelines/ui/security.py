"""Who may ask, and for what: host, token, origin of forms, size of bodies, headers of answers.

- A page elsewhere cannot make a browser act here: a form must come from this origin, with the
  token that lies in a SameSite cookie (double submit; it survives a restart of the console).
- A name elsewhere that resolves to 127.0.0.1 (DNS rebinding) is refused by the Host header.
- On an address that other machines reach, whoever comes first sends the token that the start
  printed; a cookie holds it after that.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.web_request import FileField

from pipelines.ui.settings import UiSettings
from serving.protocol.addresses import is_loopback

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEALTH = "/healthz"
CSRF_FIELD, CSRF_HEADER, CSRF_COOKIE = "csrf", "X-CSRF", "graft_csrf"
TOKEN_COOKIE = "graft_token"
# Of a form without files.
FORM_BYTES = 1 << 20
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Of a browser that has none yet; no page elsewhere can read it.
_FIRST_CSRF = secrets.token_urlsafe(24)
_READING = frozenset({"GET", "HEAD"})
# No script but our own, nothing from elsewhere, no frame around us.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would take the origin from forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses what must not come in, and sets the headers of what goes out.

    Args:
        settings: say who may come in.
        upload_bytes: the most that a form may hold, by its path; others `FORM_BYTES`.
    """

    def __init__(self, settings: UiSettings, upload_bytes: Mapping[str, int]) -> None:
        self._settings = settings
        self._upload_bytes = upload_bytes

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, or refuse it.

        Raises:
            web.HTTPForbidden: another host name, another origin, no token.
            web.HTTPRequestEntityTooLarge: more than the form may hold.
        """
        if request.path == HEALTH:
            return await handler(request)
        self._check_host(request)
        self._check_token(request)
        if request.method in _READING:
            return await handler(request)
        limit = self._upload_bytes.get(request.path, FORM_BYTES)
        request = request.clone(client_max_size=limit)
        _check_origin(request, limit)
        form = await request.post()
        try:
            _check_form(request, form)
            return await handler(request)
        finally:
            for field in form.values():
                if isinstance(field, FileField):
                    field.file.close()

    async def set_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Set what every answer carries; a signal handler, so errors and files carry it too."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        kept = {CSRF_COOKIE: csrf_of(request)}
        if self._has_token(request):
            kept[TOKEN_COOKIE] = self._settings.token
        for name, value in kept.items():
            if value and request.cookies.get(name) != value:
                # `set_cookie` comes too late for a signal. Lax: a link elsewhere that leads here
                # brings the cookie along, a form elsewhere does not.
                cookie = f"{name}={value}; Path=/; HttpOnly; SameSite=Lax"
                response.headers.add("Set-Cookie", cookie)

    def _check_host(self, request: web.Request) -> None:
        name = urlsplit(f"//{request.host}").hostname or ""
        known = {*_LOCAL_NAMES, self._settings.host.lower()}
        if is_loopback(self._settings.host) and name not in known:
            raise web.HTTPForbidden(text=f"expected the host 127.0.0.1, received '{name}'")

    def _check_token(self, request: web.Request) -> None:
        if not self._has_token(request):
            raise web.HTTPForbidden(
                text="expected the token; open the address that `graft ui` printed at its start"
            )
        if self._settings.token and "token" in request.query and request.method in _READING:
            # It does not stay in the address, where somebody could read or copy it.
            raise web.HTTPSeeOther(request.rel_url.without_query_params("token"))

    def _has_token(self, request: web.Request) -> bool:
        sent = request.query.get("token", "") or request.cookies.get(TOKEN_COOKIE, "")
        wanted = self._settings.token
        return not wanted or hmac.compare_digest(sent.encode(), wanted.encode())


def csrf_of(request: web.Request) -> str:
    """Return the token that this browser's forms have to send back."""
    return request.cookies.get(CSRF_COOKIE) or _FIRST_CSRF


def _check_origin(request: web.Request, limit: int) -> None:
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or site not in {"same-origin", "none"}:
        raise web.HTTPForbidden(text=f"expected a form of this console, received one of {origin}")
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)


def _check_form(request: web.Request, form: Mapping[str, object]) -> None:
    sent = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
    known = request.cookies.get(CSRF_COOKIE, "")
    if not known or not hmac.compare_digest(str(sent).encode(), known.encode()):
        raise web.HTTPForbidden(
            text="expected the form's own token, received none or an old one; load the page again"
        )
