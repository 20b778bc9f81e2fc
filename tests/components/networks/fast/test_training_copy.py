import keras
import numpy as np
import pytest

from components.networks.fast.training_copy import quickened
from components.networks.network import as_fed
from components.train.loop.fine_tune import freeze_norms

pytestmark = pytest.mark.slow

RNG_ROWS = 24


def block(*, frozen: bool = True) -> keras.Model:
    """All that a tail may hold: dense, depthwise and biased convolutions, norms, a shortcut."""
    keras.utils.set_random_seed(0)
    start, mean = keras.Input((8, 8, 6), name="start"), keras.Input((3,), name="mean")
    x = keras.layers.Conv2D(12, 1, use_bias=False, name="expand")(start)
    x = keras.layers.BatchNormalization(name="expand_norm")(x)
    x = keras.layers.ReLU(6.0, name="expand_relu")(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = keras.layers.BatchNormalization(scale=False, name="depthwise_norm")(x)
    x = keras.layers.ReLU(6.0, name="depthwise_relu")(x)
    x = keras.layers.Conv2D(6, 1, name="project")(x)
    x = keras.layers.BatchNormalization(center=False, name="project_norm")(x)
    x = keras.layers.Add(name="sum")([x, start])
    x = keras.layers.Conv2D(4, 3, activation="relu", strides=2, name="bare")(x)
    x = keras.layers.BatchNormalization(name="loose_norm")(x)
    x = keras.ops.flip(x, axis=1)  # a bare operation, not a layer
    x = keras.layers.Concatenate(name="join")([keras.layers.GlobalAveragePooling2D()(x), mean])
    model = keras.Model([start, mean], keras.layers.Dense(2, name="logits")(x))
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, v.shape) for v in layer.get_weights()])
    if frozen:
        freeze_norms(model)
    return model


def data() -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(2)
    labels = np.arange(RNG_ROWS) % 2
    maps = rng.normal(0, 1, (RNG_ROWS, 8, 8, 6)) + labels[:, None, None, None]
    means = rng.normal(0, 1, (RNG_ROWS, 3))
    return [maps.astype(np.float32), means.astype(np.float32)], np.eye(2, dtype=np.float32)[labels]


def trained(model: keras.Model) -> list[float]:
    inputs, targets = data()
    model.compile(
        keras.optimizers.AdamW(1e-3, global_clipnorm=1.0),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    fitted = model.fit(inputs, targets, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return [float(loss) for loss in fitted.history["loss"]]


def test_it_trains_the_model_itself_step_by_step_as_plain_training_would() -> None:
    plain, model = block(), block()
    expected = trained(plain)
    np.testing.assert_allclose(trained(quickened(model)), expected, rtol=1e-5)
    assert expected[-1] < expected[0]
    for after, other in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(after, other, rtol=1e-4, atol=1e-5)


def test_variables_are_the_model_s_own_in_its_order() -> None:
    model = block()
    model.get_layer("expand").trainable = False
    quick = quickened(model)
    assert [id(v) for v in quick.trainable_variables] == [id(v) for v in model.trainable_variables]
    layers = {layer.name: type(layer).__name__ for layer in quick.layers}
    assert {layers[f"{name}_norm"] for name in ("expand", "depthwise", "project")} == {"Identity"}
    assert layers["loose_norm"] == "_Borrowed"


def test_the_model_s_own_graph_is_left_alone() -> None:
    model = block()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    quickened(model, precision="bfloat16")
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes


def test_norms_that_are_trained_stay() -> None:
    model = block(frozen=False)
    before = model.get_layer("expand_norm").get_weights()
    trained(quickened(model))
    after = model.get_layer("expand_norm").get_weights()
    assert all(not np.array_equal(a, b) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "zeros", "computed"),
    [
        (8, 5, 2, (1, 2), "bfloat16"),
        (8, 5, 2, (2, 1), "float32"),  # zeros that "same" does not put there
        (20, 5, 2, (1, 2), "float32"),
        (8, 3, 2, (0, 1), "float32"),
        (20, 3, 1, (1, 1), "bfloat16"),
    ],
)
def test_a_depthwise_convolution_with_slow_gradients_stays_float32(
    side: int, kernel: int, stride: int, zeros: tuple[int, int], computed: str
) -> None:
    start = keras.Input((side, side, 4))
    x = keras.layers.ReLU()(keras.layers.Conv2D(6, 1)(start))
    x = keras.layers.ZeroPadding2D((zeros, zeros))(x)
    x = keras.layers.DepthwiseConv2D(kernel, strides=stride, name="depthwise")(x)
    x = keras.layers.ReLU(name="after")(x)
    model = keras.Model(start, keras.layers.GlobalAveragePooling2D()(x))
    quick = quickened(model, precision="bfloat16")
    assert {quick.get_layer(name).output.dtype for name in ("depthwise", "after")} == {computed}
    assert quick.output.dtype == "float32"
    pixels = np.random.default_rng(0).normal(size=(3, side, side, 4)).astype(np.float32)
    exact = model.predict_on_batch(pixels)
    rounded = quick.predict_on_batch(pixels)
    np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())


def test_bfloat16_is_for_convolutions_with_quick_gradients_and_their_relus_only() -> None:
    model = block()
    quick = quickened(model, precision="bfloat16")
    names = ("expand", "expand_relu", "depthwise", "depthwise_relu", "project", "sum")
    computed = {name: quick.get_layer(name).output.dtype for name in names}
    assert {name for name, kind in computed.items() if kind == "float32"} == {"sum"}
    assert quick.output.dtype == "float32"
    inputs, _ = data()
    exact = model.predict_on_batch(as_fed(inputs))
    rounded = quick.predict_on_batch(as_fed(inputs))
    assert not np.array_equal(rounded, exact)
    np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())
    assert all(str(v.dtype) == "float32" for v in quick.variables)


def test_on_a_gpu_bfloat16_also_reaches_what_lies_between_convolutions() -> None:
    model = block()
    quick = quickened(model, precision="bfloat16", on_gpu=True)
    computed = {layer.name: layer.output.dtype for layer in quick.layers}
    names = ("expand_relu", "depthwise", "depthwise_norm", "depthwise_relu", "project_norm", "bare")
    assert {computed[name] for name in names} == {"bfloat16"}
    # One side of this sum is the input, which is float32, and a norm that stays is, too.
    assert {computed[name] for name in ("sum", "loose_norm", "join", "logits")} == {"float32"}
    inputs, _ = data()
    exact = model.predict_on_batch(as_fed(inputs))
    rounded = quick.predict_on_batch(as_fed(inputs))
    assert not np.array_equal(rounded, exact)
    np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())


@pytest.mark.parametrize("kind", ["Average", "Max"])
def test_on_a_gpu_a_sum_of_two_convolutions_is_bfloat16_and_pooled_features_are_not(
    kind: str,
) -> None:
    start = keras.Input((8, 8, 3))
    sides = [keras.layers.Conv2D(4, 1, name=name)(start) for name in ("left", "right")]
    x = keras.layers.ReLU(name="relu")(keras.layers.Add(name="sum")(sides))
    x = getattr(keras.layers, f"Global{kind}Pooling2D")(name="pool")(x)
    model = keras.Model(start, keras.layers.Dense(2, name="logits")(x))
    quick = quickened(model, precision="bfloat16", on_gpu=True)
    computed = {name: quick.get_layer(name).output.dtype for name in ("sum", "relu", "pool")}
    assert computed == {"sum": "bfloat16", "relu": "bfloat16", "pool": "float32"}
    assert quick.output.dtype == "float32"


def test_as_on_a_gpu_it_trains_as_plain_training_does_to_the_rounding_of_bfloat16() -> None:
    plain, model = block(), block()
    expected = trained(plain)
    losses = trained(quickened(model, precision="bfloat16", on_gpu=True))
    np.testing.assert_allclose(losses, expected, rtol=0.02)
    assert losses != expected
    assert all(str(v.dtype) == "float32" for v in model.variables)


def test_as_on_a_gpu_float32_stays_exact() -> None:
    model = block()
    quick = quickened(model, on_gpu=True)
    inputs, _ = data()
    fed = as_fed(inputs)
    np.testing.assert_allclose(
        quick.predict_on_batch(fed), model.predict_on_batch(fed), rtol=1e-4, atol=1e-5
    )
