"""Parsing without TensorFlow: JSON, flags, paths, configuration files, metrics."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common.errors import ConfigError
from serving.protocol.rest_paths import Verb, parse_path
from serving.protocol.status import Code, StatusError, from_exception, http_status
from serving.server.config_files import (
    BatchingParameters,
    read_batching_parameters,
    read_model_config,
    read_monitoring_config,
    read_ssl_config,
)
from serving.server.flags import Flags, check_flags, parse_flags, usage
from serving.server.json_parse import _Parser, parse_object
from serving.server.metrics import MAX_CELLS, Registry

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_both_json_parsers_agree(value):
    text = json.dumps({"value": value})
    assert parse_object(text.encode())["value"] == value
    assert _Parser(text).parse()["value"] == value


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_body_raises_anything_but_a_status(body):
    try:
        assert isinstance(parse_object(body), dict)
    except StatusError as error:
        assert error.code is Code.INVALID_ARGUMENT


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:0123456789.eE+-\\untrfalsINy \n', max_size=40))
def test_no_near_miss_raises_anything_but_a_status(text):
    try:
        assert isinstance(parse_object(text.encode()), dict)
    except StatusError as error:
        assert error.message.startswith("JSON ")


def test_surrogates_and_raw_bytes():
    assert parse_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    raw = parse_object(b'{"a": "\xff\xfe"}')["a"]
    assert raw.encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_infinities_written_and_overflowed():
    assert parse_object(b'{"a": -Inf}') == {"a": -math.inf}
    with pytest.raises(StatusError, match="Number too big"):
        _Parser('{"a": 1e999}').parse()


def test_flags_in_every_spelling():
    parsed = parse_flags(
        [
            "--port=1",
            "--rest_api_port",
            "2",
            "-model_name=a",
            "--enable_batching",
            "--port=3",
            "--enable_model_warmup=false",
            "--unknown=1",
            "stray",
            "--num_unload_threads=2",
        ]
    )
    flags = parsed.flags
    assert (flags.port, flags.rest_api_port, flags.model_name) == (3, 2, "a")
    assert flags.enable_batching and not flags.enable_model_warmup
    assert parsed.unknown == ("--unknown=1", "stray")
    assert flags.host == "127.0.0.1"


@pytest.mark.parametrize("argument", ["--port=x", "--enable_batching=maybe", "--port"])
def test_flag_values_that_cannot_be_read(argument):
    with pytest.raises(ConfigError, match=argument.partition("=")[0]):
        parse_flags([argument])


@pytest.mark.parametrize(
    "flags",
    [
        Flags(port=0),
        Flags(batching_parameters_file="a"),
        Flags(
            tensorflow_session_parallelism=1,
            tensorflow_inter_op_parallelism=1,
            tensorflow_intra_op_parallelism=1,
        ),
    ],
)
def test_flags_that_contradict_each_other(flags):
    with pytest.raises(ConfigError):
        check_flags(flags)
    check_flags(Flags(port=0, grpc_socket_path="/run/a"))


def test_usage_names_every_flag():
    assert "--allow_version_labels_for_unavailable_models=False" in usage()
    assert "--xla_cpu_compilation_enabled" in usage()


@pytest.mark.parametrize(
    ("method", "path", "verb", "model", "version", "label"),
    [
        ("POST", "/v1/models/m:predict", Verb.PREDICT, "m", None, None),
        ("POST", "/v1/models/m/versions/7:classify", Verb.CLASSIFY, "m", 7, None),
        ("POST", "/v1/models/a%20b/labels/x%2Fy:regress", Verb.REGRESS, "a b", None, "x/y"),
        ("GET", "/v1/models/m/versions/007", Verb.STATUS, "m", 7, None),
        ("GET", "/V1/Models/m/METADATA", Verb.METADATA, "m", None, None),
        ("GET", "/v1/models", Verb.STATUS, "", None, None),
    ],
)
def test_paths(method, path, verb, model, version, label):
    target = parse_path(method, path)
    assert target is not None
    assert (target.verb, target.model, target.version, target.label) == (
        verb,
        model,
        version,
        label,
    )


def test_paths_that_mean_nothing():
    for method, path in [
        ("POST", "/v1/models/m"),
        ("GET", "/v1/models/m:predict"),
        ("POST", "/v1/models/m:Predict"),
        ("GET", "/v1/models/m/versions/٣"),
        ("POST", "/v1/models/m:predict?x"),
        ("HEAD", "/v1/"),
    ]:
        assert parse_path(method, path) is None
    overflow = parse_path("GET", f"/v1/models/m/versions/{2**63}")
    assert overflow is not None and overflow.overflow


def test_configuration_files(tmp_path):
    path = tmp_path / "file"
    path.write_text(
        "max_batch_size { value: 8 } # rows\nbatch_timeout_micros: { value: 5 }\n"
        "max_enqueued_batches { value: 3 }\nallowed_batch_sizes: [4, 8]\n"
        'thread_pool_name { value: "x" } pad_variable_length_inputs: true\n'
    )
    assert read_batching_parameters(str(path), default_threads=6) == BatchingParameters(
        max_batch_size=8,
        batch_timeout_micros=5,
        max_enqueued_batches=3,
        num_batch_threads=6,
        allowed_batch_sizes=(4, 8),
    )
    path.write_text("prometheus_config { enable: true }")
    assert read_monitoring_config(str(path)).path == "/monitoring/prometheus/metrics"
    path.write_text("")
    assert read_monitoring_config(str(path)).path == ""
    path.write_text('server_key: "k\\nk" server_cert: "c" client_verify: true')
    assert read_ssl_config(str(path)).server_key == "k\nk"


@pytest.mark.parametrize(
    "text",
    [
        "max_batch_size: 8",
        "nonsense { }",
        "allowed_batch_sizes: 2 allowed_batch_sizes: 4 max_batch_size { value: 8 }",
        "allowed_batch_sizes: 8 allowed_batch_sizes: 4 max_batch_size { value: 4 }",
        "max_batch_size { value: 0 }",
        "num_batch_threads { value: -1 }",
    ],
)
def test_batching_files_that_cannot_be_used(tmp_path, text):
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(ConfigError):
        read_batching_parameters(str(path), default_threads=1)


def test_files_that_are_missing_or_no_text(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("absent", "binary"):
        with pytest.raises(ConfigError, match="Error parsing text-format"):
            read_model_config(str(tmp_path / name))
    (tmp_path / "half").write_text('server_key: "k"')
    with pytest.raises(ConfigError):
        read_ssl_config(str(tmp_path / "half"))


def test_metrics_stay_bounded_and_readable():
    registry = Registry()
    for index in range(MAX_CELLS + 50):
        registry.count("/a/b", (("model", f'm"{index}\n'),))
    registry.observe("/c", (("x", "y"),), 15.0)
    lines = registry.page().splitlines()
    assert lines[0] == "# TYPE :a:b counter"
    assert lines[1] == ':a:b{model="m\\"0\\n"} 1'
    assert sum(line.startswith(":a:b{") for line in lines) == MAX_CELLS
    assert ':c_bucket{x="y",le="10"} 0' in lines
    assert ':c_bucket{x="y",le="18"} 1' in lines
    assert lines[-2:] == [':c_sum{x="y"} 15', ':c_count{x="y"} 1']


def test_status_codes():
    assert [http_status(code) for code in (Code.OK, Code.UNKNOWN, Code.DATA_LOSS)] == [
        200,
        500,
        500,
    ]
    assert from_exception(RecursionError()).code is Code.INVALID_ARGUMENT
    assert from_exception(MemoryError()).code is Code.RESOURCE_EXHAUSTED
