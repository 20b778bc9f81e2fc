"""`graft predict`: ask a server about pictures."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
