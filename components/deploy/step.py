"""The step: rehearse, publish, confirm; or leave everything as it was."""

import logging
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.deployment import Agreement, Deployment, DeploymentInfo
from components.common.artifacts.model_folder import (
    ModelVersion,
    newest_version,
    passport_path,
    versions,
)
from components.common.artifacts.passport import mark, write_passport
from components.common.errors import GraftError, PublishError
from components.common.run_context import RunContext
from components.common.step import Step
from components.deploy.access import explained, model_folder, publishing
from components.deploy.config import DeployConfig
from components.deploy.confirm import confirm, versions_in_use
from components.deploy.judged import DeployInputs, Judged, _out_of_fold
from components.deploy.kept import data_read_unix_s, keep_candidate, keep_lineage, keep_reference
from components.deploy.passports import draw_up
from components.deploy.publish import publish, published_already
from components.deploy.rehearse import (
    Heard,
    Questions,
    RehearsalServer,
    questions,
    rehearse,
    staging,
)
from components.deploy.versions import prune, retire

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DeployOutputs:
    """The Deployment."""

    deployment: Path


def run(
    settings: DeployConfig, inputs: DeployInputs, outputs: DeployOutputs, context: RunContext
) -> None:
    """Rehearse, publish, confirm.

    Raises:
        ConfigError: the base path is not absolute.
        PublishError: as `Judged.read`; or the version could not be put in place, or does not
            answer as evaluated: the version that served before serves on.
        ServerError: the candidate does not load in a server; nothing was published.
    """
    judged = Judged.read(inputs)
    model_dir = model_folder(settings.model_base_path, settings.model_name)
    asked = questions(
        judged.evaluation,
        judged.candidate,
        judged.dataset,
        count=settings.rehearsal_pictures,
        max_difference=settings.max_difference,
    )
    # The lock comes first: a folder that cannot be written is found before the rehearsal.
    with (
        publishing(model_dir, timeout_s=settings.timeout_s),
        staging(settings.model_name, timeout_s=settings.timeout_s) as own_server,
    ):
        rehearsal = rehearse(
            judged.exported.saved_model,
            model_name=settings.model_name,
            asked=asked,
            own_server=own_server,
        )
        version, previous = _place(model_dir, judged, rehearsal, context)
        heard = _confirmed_or_retired(model_dir, version, asked, settings, own_server)
        with explained(model_dir):
            mark(model_dir, version.number, "confirmed")
        keep_candidate(judged.candidate, model_dir=model_dir, version=version.number)
        pruned = _pruned(model_dir, settings)
    info = DeploymentInfo(
        model_name=settings.model_name,
        model_base_path=settings.model_base_path,
        version=version.number,
        previous_version=previous,
        model_sha256=judged.exported.info.model_sha256,
        server=settings.server,
        rehearsal=rehearsal,
        confirmation=tuple(one.agreement for one in heard),
        answers=tuple(answer for one in heard for answer in one.answers),
        passport=str(passport_path(model_dir, version.number)),
        pruned=pruned,
    )
    Deployment(outputs.deployment, info).write()
    LOG.info("version %d of %s serves", info.version, info.model_name)


def _place(
    model_dir: Path, judged: Judged, rehearsal: tuple[Agreement, ...], run: RunContext
) -> tuple[ModelVersion, int]:
    """Publish the candidate, unless an interrupted deploy has put it there already.

    Returns:
        The version, and the number of the one before, 0 for the first.
    """
    digest = judged.exported.info.model_sha256
    there = published_already(model_dir, digest)
    others = [version.number for version in versions(model_dir) if version != there]
    previous = others[-1] if others else 0

    def keep(number: int) -> None:
        keep_lineage(
            judged.artifacts,
            number,
            manifest=judged.dataset.manifest,
            out_of_fold=_out_of_fold(judged.evaluation),
            model_dir=model_dir,
            model_sha256=digest,
        )
        keep_reference(judged.reference.root, model_dir=model_dir, version=number)

    def prepare(number: int) -> None:
        passport = draw_up(
            number,
            model_dir=model_dir,
            previous_version=previous,
            exported=judged.exported,
            evaluation=judged.evaluation,
            verdict=judged.verdict,
            dataset=judged.dataset,
            data_read_unix_s=data_read_unix_s(judged.artifacts),
            rehearsal=rehearsal,
            run=run,
            weights_sha256=Candidate.read(judged.candidate).info.weights_sha256,
        )
        write_passport(model_dir, passport)
        keep(number)

    if there is None:
        _check_incumbent(previous, judged.evaluation.info.incumbent_version)
        there = publish(
            judged.exported.saved_model,
            model_dir=model_dir,
            model_sha256=digest,
            prepare=prepare,
        )
    else:
        with explained(model_dir):
            keep(there.number)
    return there, previous


def _confirmed_or_retired(
    model_dir: Path,
    version: ModelVersion,
    asked: Questions,
    settings: DeployConfig,
    own_server: RehearsalServer,
) -> tuple[Heard, ...]:
    try:
        return confirm(
            model_dir, version=version.number, asked=asked, settings=settings, own_server=own_server
        )
    except BaseException as error:
        # Also when the user stops the run: a version that nobody has confirmed must not stay.
        with explained(model_dir):
            retire(model_dir, version)
        if not isinstance(error, GraftError):
            raise
        before = newest_version(model_dir)
        serves = f"version {before.number} serves on" if before else "no version serves"
        raise PublishError(
            f"version {version.number} was published but not confirmed, so it was taken back and "
            f"{serves}: {error}"
        ) from error


def _pruned(model_dir: Path, settings: DeployConfig) -> tuple[int, ...]:
    """Remove old versions, unless it is not known which of them are in use."""
    in_use = versions_in_use(settings)
    if in_use is None:
        LOG.warning("no old version is removed: %s does not say which it serves", settings.server)
        return ()
    return prune(model_dir, keep=settings.keep_versions, in_use=in_use)


def _check_incumbent(newest_number: int, compared_with: int) -> None:
    """Refuse when another run has published since the candidate was compared; 0 is no version."""
    if newest_number not in {0, compared_with}:
        other = f"version {compared_with}" if compared_with else "no version"
        raise PublishError(
            f"{other}, which the candidate was compared with, to be the newest",
            received=f"version {newest_number}",
            do="run again, so that the candidate is compared with that one",
        )


STEP = Step("deploy", run, announced=True)
