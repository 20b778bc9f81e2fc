"""REST predict: formats, types, encodings, error texts."""

import base64
import json
import math

import pytest

ECHO = "/v1/models/kitchen:predict"


def outputs(kitchen, name, value):
    answer = kitchen.predict_rest(f"echo_{name}", {"inputs": value})
    assert answer.status == 200, answer.body
    return answer.json()["outputs"]


def refusal(kitchen, signature, body):
    answer = kitchen.predict_rest(signature, body)
    assert answer.status == 400, answer.body
    assert list(answer.json()) == ["error"]
    return answer.error


def test_row_format_unwraps_a_single_output(kitchen):
    answer = kitchen.post(ECHO, {"instances": [1.0, 2.5]})
    assert answer.json() == {"predictions": [2.0, 5.0]}
    assert answer.headers["content-type"] == "application/json"


def test_named_inputs_and_outputs(kitchen):
    rows = kitchen.predict_rest("two", {"instances": [{"a": 3, "b": 1}, {"a": 5, "b": 9}]})
    assert rows.json()["predictions"] == [
        {"difference": 2.0, "sum": 4.0},
        {"difference": -4.0, "sum": 14.0},
    ]
    columns = kitchen.predict_rest("two", {"inputs": {"a": [3, 5], "b": [1, 9], "extra": 1}})
    assert columns.json()["outputs"] == {"difference": [2.0, -4.0], "sum": [4.0, 14.0]}


def test_column_format_keeps_scalars_and_empty_batches(kitchen):
    assert outputs(kitchen, "float", 2.5) == 2.5
    assert kitchen.post(ECHO, {"inputs": []}).json() == {"outputs": []}


def test_row_format_adds_the_batch_dimension(kitchen):
    answer = kitchen.predict_rest("echo_float", {"instances": [[[1, 2], [3, 4]]]})
    assert answer.json()["predictions"] == [[[1.0, 2.0], [3.0, 4.0]]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("float", [0.1, 1e30, -0.5]),
        ("double", [0.1, 1.7976931348623157e308, 123456789.123]),
        ("int32", [2147483647, -2147483648]),
        ("int16", [32767, -1]),
        ("int8", [-128]),
        ("uint8", [255]),
        ("int64", [9223372036854775807, -9223372036854775808]),
        ("uint32", [4294967295]),
        ("uint64", [18446744073709551615]),
        ("bool", [True, False]),
        ("string", ["plain", "ümläut", ""]),
    ],
)
def test_every_type_comes_back_unchanged(kitchen, name, value):
    assert outputs(kitchen, name, value) == value


def test_a_float_is_the_shortest_decimal_that_reads_back_as_the_same(kitchen):
    value = [0.1, 0.12345679, 3, 9000000, 3e-05, 1e-45, 3.4028235e38]
    assert outputs(kitchen, "float", value) == value
    assert outputs(kitchen, "double", [0.1, 1 / 3, 5e-324]) == [0.1, 1 / 3, 5e-324]


def test_non_finite_numbers_both_ways(kitchen):
    answer = kitchen.post(ECHO, '{"instances": [NaN, Infinity, -Infinity]}')
    assert answer.status == 200, answer.body
    first, *rest = answer.json()["predictions"]
    assert math.isnan(first) and rest == [math.inf, -math.inf]
    assert "not of expected type" in refusal(kitchen, "", {"instances": ["NaN"]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("float", True),
        ("float", None),
        ("float", "1.0"),
        ("float", {"a": 1}),
        ("int32", 1.5),
        ("int32", 1.0),
        ("int32", True),
        ("int32", 2**40),
        ("int64", 1.5),
        ("uint32", -1),
        ("bool", 1),
        ("bool", 0),
        ("string", 1),
        ("string", None),
    ],
)
def test_types_are_not_cast(kitchen, name, value):
    error = refusal(kitchen, f"echo_{name}", {"inputs": [value]})
    assert "is not of expected type" in error


def test_integers_beyond_a_float_are_refused(kitchen):
    error = refusal(kitchen, "echo_float", {"inputs": [16777217]})
    assert error == "Cannot convert JSON value: 16777217 to float32 without loss of precision."
    too_large = refusal(kitchen, "echo_float", {"inputs": [1e39]})
    assert too_large == "Cannot convert JSON value: 1e+39 to float32 without loss of precision."


@pytest.mark.parametrize("name", ["half", "bfloat16", "complex64"])
def test_types_that_json_cannot_carry(kitchen, name):
    answer = kitchen.predict_rest(f"echo_{name}", {"inputs": [1.0]})
    assert answer.status == 501
    assert answer.error.startswith("Conversion of JSON Value: ")
    assert kitchen.predict_rest(f"echo_{name}", {"instances": [1.0]}).status == 501


def test_base64_in_and_out(kitchen):
    data = bytes(range(256))
    text = base64.b64encode(data).decode()
    answer = kitchen.predict_rest("echo_bytes", {"instances": [{"b64": text}, "plain"]})
    assert answer.json()["predictions"] == [
        {"b64": text},
        {"b64": base64.b64encode(b"plain").decode()},
    ]
    named = kitchen.predict_rest("echo_bytes", {"instances": [{"x": {"b64": text}}]})
    assert named.json()["predictions"] == [{"b64": text}]
    unpadded = kitchen.predict_rest("echo_bytes", {"inputs": {"b64": "YQ"}})
    assert unpadded.json()["outputs"] == {"b64": "YQ=="}


def test_bytes_outputs_beside_others(kitchen):
    answer = kitchen.predict_rest("mixed_bytes", {"instances": ["ab"]})
    assert answer.json()["predictions"] == [{"copy_bytes": {"b64": "YWI="}, "size": 2}]


def test_broken_base64(kitchen):
    assert "Unable to base64 decode" in refusal(
        kitchen, "echo_string", {"inputs": [{"b64": "no base64!"}]}
    )


@pytest.mark.parametrize(
    "value", [[[1, 2], [3]], [[1], 2], [1, [2]], [[[1, 2]], [[1], [2]]], [[1, 2], "a"]]
)
@pytest.mark.parametrize("key", ["inputs", "instances"])
def test_ragged_lists(kitchen, key, value):
    error = refusal(kitchen, "echo_float", {key: value})
    assert "Encountered list at unexpected size" in error or "not of expected type" in error


@pytest.mark.parametrize(
    ("signature", "body", "part"),
    [
        ("", {}, "Missing 'inputs' or 'instances' key"),
        ("", {"instances": [1], "inputs": [1]}, "expecting only one of 'inputs' or 'instances'"),
        ("", {"instances": 1.0}, "Excepting 'instances' to be an list/array"),
        ("", {"instances": []}, "No values in 'instances' array"),
        ("two", {"instances": [1, 2]}, "instances is a plain list"),
        ("two", {"inputs": [1, 2]}, "inputs is a plain value/list"),
        ("two", {"inputs": {"a": [1]}}, "Missing named input: b in 'inputs' object."),
        ("two", {"instances": [{"a": 1}]}, "keys must be equal to: a,b"),
        ("two", {"instances": [{"a": 1, "b": 2, "c": 3}]}, "keys must be equal to: a,b"),
        ("two", {"instances": [{"a": 1, "b": 2}, 3]}, "Expecting object but got list at item 1"),
        ("", {"instances": [1, {"x": 1}]}, "Expecting value/list but got object at item 1"),
        ("none", {"instances": [1]}, 'Serving signature name: "none" not found in signature def'),
        ("scalar_output", {"instances": [1, 2]}, "Tensor name: total has no shape information"),
        ("unequal", {"instances": [1, 2]}, "has inconsistent batch size"),
    ],
)
def test_refused_bodies(kitchen, signature, body, part):
    assert part in refusal(kitchen, signature, body)


def test_outputs_without_batch_are_fine_in_columns(kitchen):
    scalar = kitchen.predict_rest("scalar_output", {"inputs": [1, 2]})
    assert scalar.json() == {"outputs": 3.0}
    unequal = kitchen.predict_rest("unequal", {"inputs": [1, 2]})
    assert unequal.json()["outputs"] == {"all": [1.0, 2.0], "first": [1.0]}


def test_signature_name_must_be_text(kitchen):
    answer = kitchen.post(ECHO, {"signature_name": 1, "instances": [1]})
    assert answer.status == 400
    assert "'signature_name' key must be a string value" in answer.error


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("   ", "JSON Parse error: The document is empty"),
        ("{", "JSON Parse error: "),
        ('{"instances": [1,}', "JSON Parse error: "),
        ('{"instances": [1.0]} and more', "JSON Parse error: Extra data"),
        ("[1, 2]", "Is not object"),
        ("nonsense", "JSON Parse error: "),
        (b"\x00\x01\xff", "JSON Parse error: "),
        (b'{"instances": ["\xff"]}', "JSON Parse error: "),
        ("{'instances': [1]}", "JSON Parse error: "),
    ],
)
def test_bodies_that_are_no_json(kitchen, body, part):
    answer = kitchen.post(ECHO, body)
    assert answer.status == 400
    assert part in answer.error


def test_a_byte_order_mark_and_unknown_keys_do_no_harm(kitchen):
    marked = kitchen.post(ECHO, b'\xef\xbb\xbf{"instances": [1.0]}')
    assert marked.json() == {"predictions": [2.0]}
    other = kitchen.post(ECHO, {"instances": [1.0], "unknown": {"a": []}})
    assert other.json() == {"predictions": [2.0]}


def test_nesting_without_end_is_refused(kitchen):
    depth = 3000
    answer = kitchen.post(ECHO, '{"instances": ' + "[" * depth + "]" * depth + "}")
    assert answer.status == 400
    assert kitchen.post(ECHO, {"instances": [1.0]}).status == 200


def test_errors_of_the_model_keep_their_code(kitchen):
    failed = kitchen.predict_rest("refuse", {"instances": [1.0, -1.0]})
    assert failed.status == 400
    assert "only positive numbers" in failed.error
    shape = kitchen.predict_rest("product", {"instances": [[1.0, 2.0]]})
    assert shape.status == 400
    image = kitchen.predict_rest("decode", {"instances": ["no picture"]})
    assert image.status == 400 and "Unknown image file format" in image.error


def test_the_shape_of_the_signature_is_not_checked(kitchen):
    picture = [[[0.0, 0.5, 1.0]] * 8] * 8
    answer = kitchen.predict_rest("matrix", {"instances": [picture]})
    assert answer.status == 200
    assert answer.json()["predictions"] == [picture]


def test_unknown_models_versions_and_labels(kitchen):
    body = {"instances": [1.0]}
    model = kitchen.post("/v1/models/none:predict", body)
    assert (model.status, model.error) == (404, "Servable not found for request: Latest(none)")
    version = kitchen.post("/v1/models/kitchen/versions/9:predict", body)
    assert version.status == 404
    assert version.error == "Servable not found for request: Specific(kitchen, 9)"
    label = kitchen.post("/v1/models/kitchen/labels/gold:predict", body)
    assert (label.status, label.error) == (400, "Unrecognized servable version label: gold")
    assert kitchen.post("/v1/models/kitchen/versions/1:predict", body).status == 200


def test_a_broken_body_comes_before_an_unknown_model(kitchen):
    assert kitchen.post("/v1/models/none:predict", "{").status == 400


def test_twenty_megabytes(kitchen):
    body = json.dumps({"signature_name": "scalar_output", "inputs": [0.5, 0.25] * 1_800_000})
    assert len(body) > 19_000_000
    answer = kitchen.post(ECHO, body)
    assert answer.json() == {"outputs": 1350000.0}
