"""Ask the gateway about one picture. `python -m … REQUEST < picture` writes an Opinion as JSON.

A picture from anywhere is decoded here, in a process of its own with a limit of memory (ADR 22): it
can harm nothing but the answer about itself. No file is written.
"""

import base64
import sys
from dataclasses import dataclass

import numpy as np

from components.common import config
from components.common.errors import DataError, GraftError
from components.common.pictures.decode import decode, encode_png
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.pictures.header import check_size
from components.common.pictures.occlusion import covered, heat_map
from components.common.pictures.thumbnails import shrunk
from serving.client import connect
from serving.gateway.reading.child import limit_memory
from serving.protocol.headers import LOG_HEADER, LOG_OFF, read_api_key, request_headers

# Longer side of what is shown and covered; the answer is about the picture as it came.
SHOWN_PX = 320
TIMEOUT_S = 30.0
# Of 50 megapixels in colour: as decoded, as pixels, and one more copy of each.
_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True)
class TryRequest:
    """Whom to ask: the gateway's address and the model.

    classes: in the order of its probabilities, () where no passport says so.
    """

    gateway: str
    model: str
    classes: tuple[str, ...] = ()
    grey_range: GreyRange = FULL


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What the model says of a picture.

    problem: why there is no answer; all else is empty then.
    decision: the class that is answered, or "ask". likeliest: the class with `probability`.
    probabilities: one a class, in the order of the request's classes.
    picture, heat_map: PNG in base64, small; in colour what lowers the probability when covered.
    """

    problem: str = ""
    decision: str = ""
    likeliest: str = ""
    probability: float = 0.0
    probabilities: tuple[float, ...] = ()
    version: int = 0
    picture: str = ""
    heat_map: str = ""


def opinion(data: bytes, request: TryRequest) -> Opinion:
    """Return what the model says of an encoded picture; what goes wrong is in `problem`."""
    try:
        return _opinion(data, request)
    except GraftError as error:
        return Opinion(problem=str(error))
    except MemoryError:
        need = DataError("a picture that fits into 1 GiB", received="more", do="make it smaller")
        return Opinion(problem=str(need))


def _opinion(data: bytes, request: TryRequest) -> Opinion:
    check_size(data)
    headers = {**request_headers(api_key=read_api_key()), LOG_HEADER: LOG_OFF}
    with connect(
        request.gateway, model=request.model, timeout_s=TIMEOUT_S, headers=headers
    ) as client:
        said = client.predict_pictures([data])
        column = int(said.probabilities[0].argmax())
        if said.classes[0] in request.classes:
            column = request.classes.index(said.classes[0])
        pixels = shrunk(decode(data, grey_range=request.grey_range), SHOWN_PX)
        small = [encode_png(one, compress_level=1) for one in (pixels, *covered(pixels))]
        watched = client.predict_pictures(small).probabilities[:, column].astype(np.float64)
    return Opinion(
        decision=said.decisions[0],
        likeliest=said.classes[0],
        probability=float(said.probabilities[0, column]),
        probabilities=tuple(map(float, said.probabilities[0])),
        version=said.version,
        picture=base64.b64encode(small[0]).decode(),
        heat_map=base64.b64encode(heat_map(pixels, watched[0] - watched[1:])).decode(),
    )


if __name__ == "__main__":
    limit_memory(_MEMORY_BYTES)
    asked = config.from_json(TryRequest, sys.argv[1])
    sys.stdout.write(config.to_json(opinion(sys.stdin.buffer.read(), asked)))
