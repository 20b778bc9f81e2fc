"""Settings of the evaluate step."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section
from components.common.report.texts import Language


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Section):
    """How the exported model is judged on the test split.

    model_base_path: folder of the served models; the newest version of `model_name` in it is
        scored on the same pictures. "" scores the candidate alone.
    model_name: the served model's name.
    bootstrap_draws: resamples of the groups behind each 95 % interval.
    seed: of the resampling.
    batch_size: pictures a call of the model; larger ones need more memory (every picture is seen
        in up to four views at once) and are hardly faster on a CPU.
    worst_mistakes: pictures shown in the report, 0 shows none.
    language: of the report, "en" or "zh-TW".
    """

    model_base_path: str = ""
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    bootstrap_draws: Annotated[int, Field(ge=200, le=100_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 0
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    worst_mistakes: Annotated[int, Field(ge=0, le=60)] = 12
    language: Language = "en"
