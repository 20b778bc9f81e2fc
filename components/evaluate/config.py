"""Settings of the evaluate step."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import EvidenceChoice, Section
from components.common.report.texts import Language


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Section):
    """How the exported model is judged on the test split.

    evidence: what the verdict rests on, as validate decides it: a test split that is held out, or
        cross-validation of all pictures; `auto` holds out where that can decide.
    model_base_path: folder of the served models; the newest version of `model_name` in it is
        scored on the same pictures. "" scores the candidate alone.
    model_name: the served model's name.
    seed: for what is drawn by chance.
    batch_size: pictures a call of the model; larger ones need more memory (every picture is seen
        in up to four views at once). A call of 32 is timed in any case.
    worst_mistakes: pictures shown in the report, 0 shows none.
    faulty_pictures: pictures that camera faults are put on, a fifth for each; 0 for none.
    explained_pictures: pictures with a heat map, half of them mistakes; 0 for none.
    full: put every fault on every picture at every severity, and draw eight times as many maps:
        minutes to hours instead of seconds. `graft evaluate --full` does it for a finished run.
    language: the report's, "en" or "zh-TW".
    good: names of the good classes, all others are defects; () with two classes takes the one
        that is not the positive class.
    escape_cost, false_alarm_cost: price of a defect that is answered as good, and of a good
        picture that is answered as a defect; only their ratio counts.
    escape_rate: share of the defects that may be answered as good without asking. The model asks
        about good ones in doubt until that holds; 0 promises nothing.
    max_asked: share of ordinary pictures that the model may ask about in doubt. Where the promise
        would need more, it is not made, and the report says what it would need. 0 never asks, not
        even about strange pictures.
    """

    evidence: EvidenceChoice = "auto"
    model_base_path: str = ""
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    seed: Annotated[int, Field(ge=0)] = 0
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 32
    worst_mistakes: Annotated[int, Field(ge=0, le=60)] = 12
    faulty_pictures: Annotated[int, Field(ge=0)] = 30
    explained_pictures: Annotated[int, Field(ge=0)] = 8
    full: bool = False
    language: Language = "en"
    good: tuple[str, ...] = ()
    escape_cost: Annotated[float, Field(gt=0)] = 1.0
    false_alarm_cost: Annotated[float, Field(gt=0)] = 1.0
    escape_rate: Annotated[float, Field(ge=0, lt=1)] = 0.1
    max_asked: Annotated[float, Field(ge=0, le=1)] = 0.1
