"""On a cluster, a look at the pictures before ingest: are they the same as in an earlier run?"""

from components.common.run_context import RunContext
from components.common.step import Nothing, Step
from components.ingest.config import IngestConfig
from components.ingest.step import content_key


def run(settings: IngestConfig, inputs: Nothing, outputs: Nothing, context: RunContext) -> str:
    """Return one digest over everything that ingest would read."""
    return content_key(settings)


STEP = Step("fingerprint", run)
