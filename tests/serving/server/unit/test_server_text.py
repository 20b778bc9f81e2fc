"""Parsing without TensorFlow: JSON, flags, paths, configuration files, metrics."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.common.errors import ConfigError
from serving.protocol.rest_paths import Verb, parse_path
from serving.protocol.status import Code, StatusError, from_exception, http_status
from serving.server import metrics
from serving.server.config_files import (
    BatchingParameters,
    read_batching_parameters,
    read_metrics_path,
    read_model_config,
    read_session_config,
    read_ssl_config,
)
from serving.server.flags import parse_flags
from serving.server.json_inputs import parse_object
from serving.server.json_outputs import predict_body

# However busy the machine is.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]",:0123456789.eE+-\\untrfalsINy \n').map(str.encode)
)
def test_no_body_raises_anything_but_a_status(body):
    try:
        assert isinstance(parse_object(body), dict)
    except StatusError as error:
        assert error.code is Code.INVALID_ARGUMENT
        assert error.message.startswith("JSON ")


FLOATS = st.floats(width=32) | st.floats(width=32, allow_nan=False, allow_infinity=False)


@PATIENT
@given(st.lists(FLOATS, min_size=1))
def test_a_client_reads_the_very_float32_that_the_model_gave(values):
    array = np.array(values, np.float32)
    for by_row, key in ((True, "predictions"), (False, "outputs")):
        read = json.loads(predict_body({"y": array}, by_row=by_row))[key]
        np.testing.assert_array_equal(np.array(read, np.float32), array)


def test_flags_in_every_spelling():
    flags = parse_flags(
        [
            "--port=1",
            "--rest_api_port",
            "2",
            "--model_base_path=/m",
            "--enable_batching",
            "--port=3",
            "--enable_model_warmup=false",
            "--file_system_poll_wait_seconds=5",
        ]
    )
    assert (flags.port, flags.rest_api_port, flags.model_base_path) == (3, 2, "/m")
    assert flags.enable_batching and not flags.enable_model_warmup
    assert (flags.host, flags.file_system_poll_wait_seconds) == ("127.0.0.1", 5)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--port=x"], "--port"),
        (["--enable_batching=maybe"], "expected true or false, received 'maybe'"),
        (["--port"], "--port"),
        (["--unknown=1"], "--unknown=1"),
        (["--model_nam=a"], "--model_nam=a"),
        (["stray"], "stray"),
        (["--batching_parameters_file=a"], "--enable_batching"),
        (["--port=1", "--rest_api_port=1"], "two ports"),
        (["--model_base_path="], "received neither"),
    ],
)
def test_command_lines_that_are_refused(arguments, part, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_flags(["--model_base_path=/m", *arguments])
    assert ended.value.code == 2
    assert part in capsys.readouterr().err


def test_the_help_names_every_flag(capsys):
    with pytest.raises(SystemExit):
        parse_flags(["--help"])
    assert "--allow_version_labels_for_unavailable_models" in capsys.readouterr().out


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
        ("GET", f"/v1/models/m/versions/{2**63}"),
    ]:
        assert parse_path(method, path) is None


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
    assert read_metrics_path(str(path)) == "/monitoring/prometheus/metrics"
    path.write_text("")
    assert read_metrics_path(str(path)) == ""
    path.write_text("inter_op_parallelism_threads: 3")
    assert read_session_config(str(path)).inter_op_parallelism_threads == 3
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


def test_metrics_stay_bounded_and_readable(monkeypatch):
    monkeypatch.setattr(metrics, "_models", set())
    monkeypatch.setattr(metrics, "MAX_MODELS", 2)
    for name in ('m"0\n', "m1", "m2", "m3", "m1"):
        metrics.request_count(name, "NOT_FOUND")
    metrics.warmup_latency("/m/1", "OK", 15e-6)
    lines = metrics.page().decode().splitlines()
    name = ":tensorflow:serving:request_count"
    assert f"# TYPE {name} counter" in lines
    assert name + '{model_name="m\\"0\\n",status="NOT_FOUND"} 1.0' in lines
    assert name + '{model_name="m1",status="NOT_FOUND"} 2.0' in lines
    assert name + '{model_name="other",status="NOT_FOUND"} 2.0' in lines
    latency = ":tensorflow:serving:model_warmup_latency"
    assert f'{latency}_bucket{{le="10.0",model_path="/m/1",status="OK"}} 0.0' in lines
    assert f'{latency}_bucket{{le="18.0",model_path="/m/1",status="OK"}} 1.0' in lines
    assert f'{latency}_count{{model_path="/m/1",status="OK"}} 1.0' in lines


def test_status_codes():
    assert [http_status(code) for code in (Code.OK, Code.UNKNOWN, Code.DATA_LOSS)] == [
        200,
        500,
        500,
    ]
    assert from_exception(RecursionError()).code is Code.INVALID_ARGUMENT
    assert from_exception(MemoryError()).code is Code.RESOURCE_EXHAUSTED
