"""Send a message by e-mail."""

import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from components.common.errors import ConfigError
from components.notify.config import NotifyConfig
from components.notify.message import Message
from components.notify.retry import TryAgainError

_HERE = {"localhost", "127.0.0.1", "::1"}


def send(message: Message, settings: NotifyConfig) -> None:
    """Send once; logs in where the environment names a user.

    Raises:
        ConfigError: the server refuses the login, the addresses or the message, or a password would
            go over the network in the clear.
        TryAgainError: nobody answered, or the server is busy.
    """
    user, password = (os.environ.get(f"GRAFT_SMTP_{name}", "") for name in ("USER", "PASSWORD"))
    if password and settings.smtp_security == "none" and settings.smtp_host not in _HERE:
        raise ConfigError(
            "starttls or tls as notify.smtp_security, for there is a password",
            received="none",
            do="choose one of them, or unset GRAFT_SMTP_PASSWORD",
        )
    try:
        with _connected(settings) as server:
            if user:
                server.login(user, password)
            server.send_message(_letter(message, settings))
    except smtplib.SMTPResponseException as error:
        if 400 <= error.smtp_code < 500:
            raise TryAgainError(f"the mail server answered {error.smtp_code}") from None
        raise _refused(str(error.smtp_code)) from None
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as error:
        raise _refused(type(error).__name__) from None
    except ssl.SSLCertVerificationError as error:
        raise _refused(f"a certificate that does not hold ({error.verify_message})") from None
    except (OSError, smtplib.SMTPException) as error:
        raise TryAgainError(f"the mail server does not answer ({type(error).__name__})") from None


def _connected(settings: NotifyConfig) -> smtplib.SMTP:
    place = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(*place, timeout=settings.timeout_s, context=context)
    server = smtplib.SMTP(*place, timeout=settings.timeout_s)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _letter(message: Message, settings: NotifyConfig) -> EmailMessage:
    letter = EmailMessage()
    # A subject is one line, whatever an error brought along.
    letter["Subject"] = " ".join(message.subject.split())
    letter["From"] = settings.email_from
    letter["To"] = ", ".join(settings.email_to)
    letter["Date"] = formatdate()
    letter["Message-ID"] = make_msgid(domain="graft")
    lines = [*message.lines, *(f"{link.name}: {link.target}" for link in message.links)]
    letter.set_content("\n".join(lines))
    return letter


def _refused(received: str) -> ConfigError:
    return ConfigError(
        "the mail server to take a message",
        received=received,
        do="correct notify.smtp_*, notify.email_*, GRAFT_SMTP_USER and GRAFT_SMTP_PASSWORD",
    )
