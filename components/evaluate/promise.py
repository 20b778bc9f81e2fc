"""What the promised escape rate costs, as a sentence for the reader."""

from components.common.artifacts.exported import EscapePromise


def promise_notes(promise: EscapePromise | None) -> list[str]:
    """Say whether the model asks in doubt, and what that is good for."""
    if promise is None:
        return []
    rate, asked, escapes = (
        f"{100 * share:.3g} %" for share in (promise.rate, promise.asked, promise.escapes)
    )
    if not promise.kept:
        return [
            f"{escapes} of the held-out defects are answered as good. To keep that to {rate}, the "
            f"model would have to ask about {asked} of all pictures, which is more than "
            "evaluate.max_asked allows; so it asks only about strange ones."
        ]
    if not promise.asked:
        return [f"{escapes} of the held-out defects are answered as good; {rate} may be."]
    return [
        f"The model asks about {asked} of the held-out pictures, so that about {rate} of the "
        f"defects are answered as good, and not {escapes}."
    ]
