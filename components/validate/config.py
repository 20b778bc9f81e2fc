"""Settings of validate."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import EvidenceChoice, Section

Share = Annotated[float, Field(gt=0, lt=0.5)]


@dataclass(frozen=True, kw_only=True)
class ValidateConfig(Section):
    """How the data are split, and what is expected of them.

    split: `grouped` keeps a group (module, lot, session) in one split, the honest protocol, and
        stratifies pictures without a group by class and domain; `random` does so with all
        pictures, whatever their group, which leaks. A `split` column in the manifest comes
        before both.
    validation_fraction, test_fraction: shares of the groups (or pictures), each in (0, 0.5).
    split_seed: another seed, another first split; `seed` of the run has no part in it.
    keep_splits: pictures behind the version that serves stay in their splits; False deals all
        out again, and the version has then trained on most of the new test pictures.
    splits_of: the version whose pictures stay in their splits, 0 for the one that serves; with it a
        version is built again later on.
    model_base_path: folder of the served models, where the kept splits are; "" keeps none.
    model_name: the served model's name.
    evidence: what a verdict rests on: pictures that are held out, or cross-validation, for which
        all pictures are training pictures; `auto` holds out where that can decide.
    good: names of the good classes, as in `evaluate`; one that there is not is refused here.
    costs_differ: whether the two costs of `evaluate` do, so that the good classes must be known.
    near_duplicates: with `stop` pictures that are nearly the same go together, as those with the
        same pixels do, and the run stops where the manifest splits them; with `warn` they are dealt
        out like others and only named.
    on_unreadable: `stop` the run or `drop` the pictures (and say which).
    min_size_px: smallest allowed shorter side, pixels.
    max_aspect_ratio: longer side / shorter side above which a warning is given: networks see
        every picture squeezed into a square.
    min_brightness, max_brightness: mean grey level, 0-255, outside which a warning is given.
    min_contrast: standard deviation of the grey levels below which a picture counts as flat.
    min_blur: variance of the Laplacian (grey levels squared) below which it counts as blurred.
    min_class_pictures: critical when a class has fewer.
    min_class_share: warning when a class has less than this part of what it would have if all
        classes were alike, in [0, 1].
    suite: a file of further expectations, as `graft data infer-suite` writes it; "" for none.
    min_groups: warning when there are fewer: intervals by group are then unreliable.
    """

    split: Literal["grouped", "random"] = "grouped"
    validation_fraction: Share = 0.15
    test_fraction: Share = 0.25
    split_seed: Annotated[int, Field(ge=0)] = 0
    keep_splits: bool = True
    splits_of: Annotated[int, Field(ge=0)] = 0
    model_base_path: str = ""
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    evidence: EvidenceChoice = "auto"
    good: tuple[str, ...] = ()
    costs_differ: bool = False
    near_duplicates: Literal["stop", "warn"] = "stop"
    on_unreadable: Literal["stop", "drop"] = "stop"
    min_size_px: Annotated[int, Field(ge=1)] = 32
    max_aspect_ratio: Annotated[float, Field(ge=1)] = 3.0
    min_brightness: Annotated[float, Field(ge=0, le=255)] = 5.0
    max_brightness: Annotated[float, Field(ge=0, le=255)] = 250.0
    min_contrast: Annotated[float, Field(ge=0)] = 3.0
    min_blur: Annotated[float, Field(ge=0)] = 2.0
    min_class_pictures: Annotated[int, Field(ge=3)] = 3
    min_class_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    min_groups: Annotated[int, Field(ge=3)] = 20
    suite: str = ""
