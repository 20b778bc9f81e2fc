"""Copy-and-paste examples for calling an exported model without Graft."""

import json
import shlex
import urllib.parse
from dataclasses import dataclass

from components.common.artifacts.exported import INPUT_BYTES, OUTPUT_CLASSES, OUTPUT_PROBABILITIES
from serving.protocol.headers import KEY_HEADER, KEY_VARIABLE

CURL = """\
{{ printf '{{"inputs": {{"{input}": [{{"b64": "'
  base64 < {picture} | tr -d '\\n'
  printf '"}}]}}}}'
}} | curl -sS --fail-with-body{key} --data-binary @- {url}{key_lines}
"""
# Not as an argument, which every user of the machine can read.
CURL_KEY = " -H @/dev/fd/3"
CURL_KEY_LINES = f"""\
 3<<END
{KEY_HEADER}: ${KEY_VARIABLE}
END"""

PYTHON = """\
import base64
import json
{imports}import pathlib
import urllib.request

picture = base64.b64encode(pathlib.Path({picture}).read_bytes()).decode()
body = json.dumps({{"inputs": {{"{input}": [{{"b64": picture}}]}}}}).encode()
request = urllib.request.Request({url}, body{key})
with urllib.request.urlopen(request, timeout=30) as answer:
    outputs = json.load(answer)["outputs"]
print(outputs["{classes}"][0], outputs["{probabilities}"][0])
"""
PYTHON_KEY = f', {{"{KEY_HEADER}": os.environ["{KEY_VARIABLE}"]}}'


@dataclass(frozen=True)
class Examples:
    """A shell command and a Python program that each classify one picture."""

    curl: str
    python: str


def examples(
    model_name: str, rest_url: str, *, picture: str = "picture.png", api_key: bool = False
) -> Examples:
    """Write the examples for one model.

    Args:
        model_name: the served model's name.
        rest_url: `http://HOST:PORT` of the server.
        picture: path of the picture that the examples send.
        api_key: they send the gateway's API key, from the environment variable GRAFT_API_KEY.
    """
    url = f"{rest_url.rstrip('/')}/v1/models/{urllib.parse.quote(model_name, safe='')}:predict"
    return Examples(
        curl=CURL.format(
            input=INPUT_BYTES,
            picture=shlex.quote(picture),
            url=shlex.quote(url),
            key=CURL_KEY if api_key else "",
            key_lines=CURL_KEY_LINES if api_key else "",
        ),
        python=PYTHON.format(
            input=INPUT_BYTES,
            picture=json.dumps(picture),
            url=json.dumps(url),
            imports="import os\n" if api_key else "",
            key=PYTHON_KEY if api_key else "",
            classes=OUTPUT_CLASSES,
            probabilities=OUTPUT_PROBABILITIES,
        ),
    )
