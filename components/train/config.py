"""Settings of `train`, and their check; nothing here imports Keras."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from components.common import config, plugins
from components.common.config import FreeForm
from components.common.labels.source_facts import SourceFacts
from components.networks import config as networks
from components.networks.config import NetworkConfig
from components.train.options import Uses

METHODS = "components.train.methods"


@dataclass(frozen=True, kw_only=True)
class TrainConfig(NetworkConfig):
    """How the network is made, see `NetworkConfig`, and how it is fitted.

    warm_start: start from a network of ours instead of `weights`: the path of a published model
        or one of its versions ("serving/models/solar", "serving/models/solar/3"), of a Candidate
        folder, or of its model.keras; "" for none. The head is solved again in any case.
    compare_with: folder of a served model. Where cross-validation judges and the version that
        serves was not judged by it, its recipe is fitted again on the same folds; "" for none. A
        run fills it in if the gate compares with the serving version.
    method: the way to transfer, a file name under `methods/`; see docs/reference/methods.md.
    options: the method's own settings; see docs/reference/method-options.md.
    soft_labels: train on the annotated probability where there is one.
    flips: test-time views whose logits are averaged: 1, 2 (left-right) or 4 (up-down too).
    seed: two runs on a CPU with one seed agree to 1e-6.
    keep_compiled: keep JAX's compiled programs with the caches, so that the next run is ready
        sooner.
    """

    warm_start: str = ""
    compare_with: str = ""
    method: str = "linear_probe"
    options: FreeForm = field(default_factory=dict)
    soft_labels: bool = True
    flips: Literal[1, 2, 4] = 1
    seed: Annotated[int, Field(ge=0)] = 0
    keep_compiled: bool = True


def method_options(method: str, options: dict[str, Any]) -> Any:
    """Return a method's `Options`.

    Raises:
        ConfigError: there is no such method, it has no such option, or a value does not fit.
    """
    return config.load(plugins.load(METHODS, method).Options, options, where="train.options")


def uses(method: str) -> Uses:
    """Return what a method can make use of besides labelled pictures.

    Raises:
        ConfigError: there is no such method.
    """
    found: Uses = getattr(plugins.load(METHODS, method), "USES", Uses())
    return found


def has_needs(method: str) -> bool:
    """Return whether `check_source` can refuse anything."""
    return hasattr(plugins.load(METHODS, method), "check")


def check_source(settings: TrainConfig, facts: SourceFacts) -> None:
    """Refuse data that lack what the method needs, before the first step.

    Raises:
        ConfigError, DataError: see above; the message says how the manifest gives it.
    """
    module = plugins.load(METHODS, settings.method)
    if hasattr(module, "check"):
        module.check(method_options(settings.method, settings.options), facts)


def check(settings: TrainConfig) -> None:
    """Refuse, before anything runs, a method, a backbone or an option that there is none of.

    Raises:
        ConfigError: see above; the message lists what is known.
        WeightsError: the weights are an address without a digest.
    """
    networks.check(settings)
    method_options(settings.method, settings.options)
