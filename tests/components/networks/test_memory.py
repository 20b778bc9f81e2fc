import pytest

from components.networks.memory import halving_batch, out_of_memory


class ResourceExhaustedError(Exception):
    """Named as TensorFlow names its own."""


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (ResourceExhaustedError("{{node conv}}"), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes"), True),
        (RuntimeError("CUDA out of memory."), True),
        (ValueError("shapes do not match"), False),
    ],
)
def test_every_back_ends_word_for_it_is_known(error: Exception, is_one: bool) -> None:
    assert out_of_memory(error) is is_one


def test_the_error_behind_an_error_counts() -> None:
    with pytest.raises(ValueError, match="tidying") as raised:
        try:
            raise MemoryError
        finally:
            raise ValueError("tidying up failed")
    assert out_of_memory(raised.value)


def test_the_batch_is_halved_until_it_fits() -> None:
    tried = []

    def work(batch: int) -> str:
        tried.append(batch)
        if batch > 5:
            raise MemoryError
        return f"{batch} fit"

    assert halving_batch(work, 32) == "4 fit"
    assert tried == [32, 16, 8, 4]


@pytest.mark.parametrize("error", [MemoryError(), ValueError("something else")])
def test_what_halving_cannot_fix_is_raised(error: Exception) -> None:
    tried = []

    def work(batch: int) -> None:
        tried.append(batch)
        raise error

    with pytest.raises(type(error)):
        halving_batch(work, 4)
    assert tried == ([4, 2, 1] if isinstance(error, MemoryError) else [4])
