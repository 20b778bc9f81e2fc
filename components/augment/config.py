"""Settings of `augment`."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from components.common import config, plugins
from components.common.config import FreeForm, Section
from components.common.pictures.fit import Fit

POLICIES = "components.augment.policies"


@dataclass(frozen=True, kw_only=True)
class AugmentConfig(Section):
    """How pictures become the network's input.

    image_size_px: height and width every picture is resized to, pixels.
    fit: how a picture that is no square becomes one: `squeeze` its sides, `pad` with black bars
        beside the shorter ones, or `crop` the middle.
    policy: file name under `policies/`: what an augmented view is.
    policy_options: the policy's own settings, see `Options` in its file.
    views: rows a training picture gets, 1 = the picture as it is and nothing else.
    seed: same seed and same pictures, same shards.
    """

    image_size_px: Annotated[int, Field(ge=16, le=1024)] = 160
    fit: Fit = "squeeze"
    policy: str = "flips_shifts_light"
    policy_options: FreeForm = field(default_factory=dict)
    views: Annotated[int, Field(ge=1, le=64)] = 4
    seed: Annotated[int, Field(ge=0)] = 0


def policy_options(settings: AugmentConfig) -> Any:
    """Return the policy's own settings, checked.

    Raises:
        ConfigError: unknown policy, or an option that it does not have.
    """
    policy = plugins.load(POLICIES, settings.policy)
    return config.load(policy.Options, settings.policy_options, where="augment.policy_options")


def check(settings: AugmentConfig) -> None:
    """Refuse, before anything runs, a policy or an option that there is none of."""
    policy_options(settings)
