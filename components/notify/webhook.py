"""Send a message to a webhook, as Slack's incoming webhooks take it."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from components.common.errors import ConfigError
from components.notify.message import Message
from components.notify.retry import TryAgainError


def post(message: Message, url: str, *, timeout_s: float) -> None:
    """Send once.

    Args:
        message: plain text.
        url: the webhook's address, a secret: no error repeats it.
        timeout_s: until the answer.

    Raises:
        ConfigError: the address is none, or the server refuses for good.
        TryAgainError: nobody answered, or the server is busy or broken.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigError(
            "an http or https address", received="another text", do="set GRAFT_WEBHOOK_URL"
        )
    request = urllib.request.Request(
        url,
        data=json.dumps({"text": slack_text(message)}).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "graft"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 429 or error.code >= 500:
                raise TryAgainError(f"the webhook answered {error.code}", _pause_s(error)) from None
            raise ConfigError(
                "the webhook to take a message",
                received=f"its answer {error.code}",
                do="renew GRAFT_WEBHOOK_URL",
            ) from None
    except OSError as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise TryAgainError(f"the webhook does not answer ({type(reason).__name__})") from None


def slack_text(message: Message) -> str:
    """Return the message in Slack's mark-up: `&<>` are special, a link is `<url|name>`."""
    lines = [f"*{_escaped(message.subject)}*", *map(_escaped, message.lines)]
    for link in message.links:
        if link.target.startswith(("http://", "https://")):
            lines.append(f"<{link.target}|{link.name}>")
        else:
            lines.append(f"{link.name}: {_escaped(link.target)}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _pause_s(error: urllib.error.HTTPError) -> float:
    asked = error.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0
