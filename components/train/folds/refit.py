"""Fit the recipe of a served version again on the candidate's folds, so that both are judged alike.

The recipe is what its passport says of train: method, options, backbone, weights, flips, seed. The
pictures, their labels and their views are those of this run.
"""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

import keras
import pandas as pd

from components.common import config, plugins
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.judging.held_out import held_out_table
from components.common.artifacts.model_folder import ModelVersion, candidate_path
from components.common.artifacts.passport import Passport, read_passport
from components.common.artifacts.records import tree_sha256
from components.common.artifacts.shards import Shards
from components.common.errors import DataError, WeightsError, first_line
from components.common.progress import within
from components.common.seeding import derive
from components.networks import data, network
from components.networks.features.cache import ActivationCache
from components.networks.weights.digests import content_sha256, source_sha256
from components.train.config import METHODS, TrainConfig, check, method_options
from components.train.folds.cross_validation import ChosenMethod, cross_validate
from components.train.folds.rivals import to_refit
from components.train.given import given
from components.train.loop.checkpoints import run_folder
from components.train.session import Session

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refits:
    """What recipes of served versions answered; `notes` say which could not be fitted, and why.

    tables: as `Candidate.write_refits` has them.
    """

    tables: tuple[pd.DataFrame, ...] = ()
    notes: tuple[str, ...] = ()


def refit(settings: TrainConfig, shards: Shards, *, root: Path) -> Refits:
    """Fit again the recipes of the versions that kept no out-of-fold answers.

    One that cannot be fitted is reported, not raised: it is then compared by the few pictures that
    it has not seen.

    Args:
        settings: of this run: which versions, and on which devices.
        shards: of this run.
        root: where activations and the answers of finished folds are kept. They stay there for
            the next run that is compared with the same version.
    """
    tables, notes = [], []
    for version in to_refit(settings, shards):
        try:
            with within(f"version {version.number} again"):
                tables.append(_answers(version, settings, shards, root=root))
        except Exception as error:
            LOG.warning("version %d was not fitted again", version.number, exc_info=True)
            notes.append(f"version {version.number} was not fitted again: {first_line(error)}")
    return Refits(tuple(tables), tuple(notes))


def _answers(
    version: ModelVersion, settings: TrainConfig, shards: Shards, *, root: Path
) -> pd.DataFrame:
    """Return what the folds of a version's recipe answer about the training pictures."""
    recipe = _recipe(version, settings, shards)
    splits = given(data.read(shards, soft_labels=recipe.soft_labels), recipe)
    keras.utils.set_random_seed(derive(recipe.seed, "train"))
    built = network.build(
        recipe, image_size_px=shards.info.image_size_px, classes=len(splits.classes)
    )
    standings = run_folder(
        root / "refits",
        config.to_json(recipe),
        content_sha256(recipe, recipe.weights),
        splits.train.content_sha256,
    )
    session = Session(recipe.seed, recipe.flips, ActivationCache.below(root, recipe), standings)
    method = plugins.load(METHODS, recipe.method)
    chosen = ChosenMethod(method, method_options(recipe.method, recipe.options))
    asked = cross_validate(splits, built, chosen, session)
    table = held_out_table(
        asked.logits,
        classes=splits.classes,
        paths=splits.train.paths,
        groups=splits.train.groups,
        targets=splits.train.labels,
        folds=asked.folds,
        tasks=splits.train.tasks,
    )
    return table.assign(version=version.number, sha256=tree_sha256(version.path))


def _recipe(version: ModelVersion, settings: TrainConfig, shards: Shards) -> TrainConfig:
    """Return a version's settings of train, on this run's devices.

    Raises:
        ConfigError: there is no such method or backbone any more.
        DataError: there is no passport, or the version answers about other classes or sizes.
        WeightsError: its weights are gone or are others now.
    """
    model_dir, number = version.path.parent, version.number
    passport = read_passport(model_dir, number)
    if passport is None or "train" not in passport.settings:
        raise DataError(
            f"a passport of version {number} with its settings of train",
            received="none",
            do="compare by the pictures that it has not seen",
        )
    _check_alike(passport, shards)
    recipe = dataclasses.replace(
        config.load(TrainConfig, passport.settings["train"], where="train"),
        warm_start="",
        compare_with="",
        backend=settings.backend,
        devices=settings.devices,
        cache_gb=settings.cache_gb,
    )
    check(recipe)
    kept = candidate_path(model_dir, number)
    if not passport.settings["train"].get("warm_start") and (kept / "candidate.json").is_file():
        then, now = Candidate.read(kept).info.weights_sha256, source_sha256(recipe.weights)
        if now not in {"imagenet", "none", then}:
            raise WeightsError(
                f"the weights {then[:12]}, which version {number} started from",
                received=f"others in {recipe.weights}",
                do="put the file back",
            )
    return recipe


def _check_alike(passport: Passport, shards: Shards) -> None:
    """Refuse pictures that the recipe was not made for; it learns classes that are new to it."""
    info = shards.info
    then = f"{passport.image_size_px} px, {passport.fit}, {', '.join(passport.classes)}"
    now = f"{info.image_size_px} px, {info.fit}, {', '.join(info.classes)}"
    same_pictures = (passport.image_size_px, passport.fit) == (info.image_size_px, info.fit)
    if not same_pictures or not set(passport.classes) <= set(info.classes):
        raise DataError(
            f"pictures as version {passport.version} takes them: {then}",
            received=now,
            do="compare by the pictures that it has not seen",
        )
