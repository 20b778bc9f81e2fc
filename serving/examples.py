"""Copy-and-paste examples for calling an exported model without Graft."""

import json
import shlex
import urllib.parse
from dataclasses import dataclass

from components.common.artifacts.exported import INPUT_BYTES, OUTPUT_CLASSES, OUTPUT_PROBABILITIES

CURL = """\
{{ printf '{{"inputs": {{"{input}": [{{"b64": "'
  base64 < {picture} | tr -d '\\n'
  printf '"}}]}}}}'
}} | curl -sS --fail-with-body --data-binary @- {url}
"""

PYTHON = """\
import base64
import json
import pathlib
import urllib.request

picture = base64.b64encode(pathlib.Path({picture}).read_bytes()).decode()
body = json.dumps({{"inputs": {{"{input}": [{{"b64": picture}}]}}}}).encode()
with urllib.request.urlopen({url}, data=body, timeout=30) as answer:
    outputs = json.load(answer)["outputs"]
print(outputs["{classes}"][0], outputs["{probabilities}"][0])
"""


@dataclass(frozen=True)
class Examples:
    """A shell command and a Python program that each classify one picture."""

    curl: str
    python: str


def examples(model_name: str, rest_url: str, *, picture: str = "picture.png") -> Examples:
    """Write the examples for one model.

    Args:
        model_name: the served model's name.
        rest_url: `http://HOST:PORT` of the server.
        picture: path of the picture that the examples send.
    """
    url = f"{rest_url.rstrip('/')}/v1/models/{urllib.parse.quote(model_name, safe='')}:predict"
    return Examples(
        curl=CURL.format(input=INPUT_BYTES, picture=shlex.quote(picture), url=shlex.quote(url)),
        python=PYTHON.format(
            input=INPUT_BYTES,
            picture=json.dumps(picture),
            url=json.dumps(url),
            classes=OUTPUT_CLASSES,
            probabilities=OUTPUT_PROBABILITIES,
        ),
    )
