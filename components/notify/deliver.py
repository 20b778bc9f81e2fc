"""Deliver a message by every way that is set up; no failure reaches the run."""

import logging
import os
from collections.abc import Callable

from components.notify import mail, webhook
from components.notify.config import WEBHOOK, NotifyConfig
from components.notify.mail import Login
from components.notify.message import Message
from components.notify.retry import persist

LOG = logging.getLogger(__name__)

SMTP_USER = "GRAFT_SMTP_USER"
SMTP_PASSWORD = "GRAFT_SMTP_PASSWORD"


def deliver(message: Message, settings: NotifyConfig) -> None:
    """Send a message; what cannot be sent is warned of, without any secret."""
    url = os.environ.get(WEBHOOK, "")
    if url:
        _try("webhook", lambda: webhook.post(message, url, timeout_s=settings.timeout_s), settings)
    if settings.email_to:
        login = Login(os.environ.get(SMTP_USER, ""), os.environ.get(SMTP_PASSWORD, ""))
        _try("e-mail", lambda: mail.send(message, settings, login), settings)


def _try(way: str, attempt: Callable[[], None], settings: NotifyConfig) -> None:
    try:
        persist(attempt, attempts=settings.attempts)
    except Exception as error:
        LOG.warning("nobody was told by %s: %s", way, error)
    else:
        LOG.info("told by %s", way)
