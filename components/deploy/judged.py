"""A candidate with all that was found out about it, as deploy takes it."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.artifacts.monitoring.reference import Reference
from components.common.errors import PublishError


@dataclass(frozen=True, kw_only=True)
class DeployInputs:
    """What `Judged` holds; `candidate` is the folder that the model was exported from."""

    exported: Path
    evaluation: Path
    verdict: Path
    dataset: Path
    reference: Path
    candidate: Path


@dataclass(frozen=True)
class Judged:
    """A candidate with all that is known of it.

    `candidate` is kept for the next warm start; `reference` is what drift will be measured against.
    """

    exported: Export
    evaluation: Evaluation
    verdict: Verdict
    dataset: Dataset
    reference: Reference
    candidate: Path

    @classmethod
    def read(cls, inputs: DeployInputs) -> "Judged":
        """Open the artifacts.

        Raises:
            PublishError: they do not speak of the same model, or the verdict is not "deploy".
        """
        judged = cls(
            Export.read(inputs.exported),
            Evaluation.read(inputs.evaluation),
            Verdict.read(inputs.verdict),
            Dataset.read(inputs.dataset),
            Reference.read(inputs.reference),
            inputs.candidate,
        )
        judged.check()
        return judged

    @property
    def artifacts(self) -> dict[str, Path]:
        """The folders of the artifacts."""
        names = ("exported", "evaluation", "verdict", "dataset", "reference")
        return {name: getattr(self, name).root for name in names}

    def check(self) -> None:
        """Raise PublishError unless the gate, or a person, said "deploy" of this very model."""
        verdict = self.verdict.info
        if not verdict.may_deploy:
            raise PublishError(
                "the verdict 'deploy'",
                received=f"'{verdict.word}'",
                do="see its reasons; 'graft gate override' deploys all the same, on record",
            )
        digest = self.exported.info.model_sha256
        judged = {self.evaluation.info.candidate_sha256, self.verdict.info.candidate_sha256}
        digests = judged | {self.reference.info.model_sha256}
        if digests != {digest}:
            raise PublishError(
                f"evaluation, verdict and reference of the model {digest[:12]}",
                received=f"those of {', '.join(sorted(name[:12] for name in digests))}",
                do="run the pipeline again",
            )


def _out_of_fold(evaluation: Evaluation) -> pd.DataFrame | None:
    crossed = evaluation.info.evidence == "cross_validation"
    return evaluation.predictions() if crossed else None
