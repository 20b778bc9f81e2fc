"""`graft register`: tell a model registry of a published version."""

from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.cli.export import Model, VersionNumber


def register(
    model: Model,
    to: Annotated[str, typer.Option(help="Registry: mlflow or kubeflow.")],
    uri: Annotated[str, typer.Option(help="Its address, http://HOST:PORT.")],
    version: VersionNumber = None,
    stored_at: Annotated[
        str,
        typer.Option(
            help="Where others find the version's files (s3://...). Default: MLflow gets a copy, "
            "Kubeflow learns of the folder on this machine."
        ),
    ] = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
) -> None:
    """Register a version with its figures and its passport; a second time changes nothing.

    Exit codes: 0 it is registered, 1 the registry has another model there or refuses, 2 it cannot
    be done as asked, 4 nobody answers.
    """
    from pipelines.passports.find import find_passport, find_version
    from pipelines.passports.register import register as register_version

    found = find_version(model, models=model_base_path, number=version)
    passport = find_passport(str(found.number), found.path.parent)
    done = register_version(found, passport, to=to, uri=uri, stored_at=stored_at)
    said = "was already" if done.already else "is now"
    Console(soft_wrap=True).print(
        f"version {found.number} of {passport.model_name} {said} version [bold]{done.version}[/] "
        f"of '{done.name}' at {uri}"
    )
