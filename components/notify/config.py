"""Settings of the exit step."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section

# The environment variable with the webhook's address, which is a secret.
WEBHOOK = "GRAFT_WEBHOOK_URL"


@dataclass(frozen=True, kw_only=True)
class NotifyConfig(Section):
    """Who learns how a run ended; the summary is written in any case.

    Secrets come from the environment: GRAFT_WEBHOOK_URL (Slack, Mattermost and what speaks like
    them), GRAFT_SMTP_USER and GRAFT_SMTP_PASSWORD. Without GRAFT_WEBHOOK_URL there is no webhook,
    without `email_to` no e-mail.

    when: "important" leaves out looks of the monitor that keep things as they are or say again what
        was said in the same period; "failures" and "always" speak for themselves.
    report_url: address under which `runs/` can be read by people, on a cluster that of the model
        in its store; links begin with it. Without it messages name the path.
    email_to, email_from: addresses of the readers and of the sender.
    smtp_host, smtp_port, smtp_security: the mail server; "none" sends no password, except to this
        machine.
    timeout_s: for each attempt.
    attempts: how often a message is tried.
    """

    when: Literal["important", "always", "failures", "never"] = "important"
    report_url: str = ""
    email_to: tuple[str, ...] = ()
    email_from: str = "graft@localhost"
    smtp_host: str = "localhost"
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
