"""The camera: faults that move all pictures alike, recognised by the picture statistics.

The directions are those of the faults in `benchmarks.camera_faults`. Blur lowers
sharpness and leaves brightness; noise raises it and the grain most of all. Broken lines and pixels
raise sharpness in few places, so that grain, its share that lies everywhere, falls; compression
lets it fall alone. Light moves brightness or contrast, clips, or darkens the border; a shift moves
the centre, a bright spot as well, a rotation tilts edges; dirt darkens, adds contrast and moves the
centre. A new product has other dark and bright ends, in contrasts, which hardly any fault moves
alone: they speak against.
"""

import numpy as np

from components.monitor.explain.comparison import CauseFinding, Comparison

_BEGIN = 1.7  # spreads between groups, for a window of one group
_DIRT_PER_CENTRE = 0.4  # contrast that comes with a moved centre: a shift brings less
_GLARE_PER_CENTRE = 0.3  # of the bright end, likewise
# Clipping grows by hundreds of spreads and would drown everything.
_MOST_CLIPPING = 4.0


def find(seen: Comparison) -> tuple[CauseFinding, ...]:
    """Return the strength of every fault that statistics can show."""
    if not seen.camera.usable:
        return ()
    # A window of many groups moves less by chance, so that less is believed sooner.
    begin = _BEGIN / np.sqrt(min(seen.groups, 2.0))
    strengths = {name: value / begin for name, value in _strengths(seen).items()}
    return tuple(
        CauseFinding(fault=name, strength=float(value), evidence=_evidence(seen, name))
        for name, value in strengths.items()
    )


def _strengths(seen: Comparison) -> dict[str, float]:
    return {**_of_sharpness(seen), **_of_light(seen), **_of_places(seen)}


def _of_sharpness(seen: Comparison) -> dict[str, float]:
    sharpness, grain = seen.moved("sharpness"), seen.moved("grain")
    contrast, border = abs(seen.moved("contrast")), abs(seen.moved("border"))
    ends = _ends(seen)
    return {
        "noise": _noise(seen),
        "focus": 1.2 * max(0.0, -sharpness - 0.3 * (contrast + _centre(seen)) - 0.5 * ends),
        "sensor": 1.2 * max(0.0, min(sharpness, -grain)),
        "compression": max(0.0, -grain - 2.0 * abs(sharpness) - ends - 0.5 * border),
    }


def _of_light(seen: Comparison) -> dict[str, float]:
    brightness, contrast = seen.moved("brightness"), seen.moved("contrast")
    flat = max(0.0, -contrast) - max(0.0, _centre(seen) - 2.0)
    dark_border = -seen.moved("border") - _centre(seen) - 0.3 * abs(seen.moved("sharpness"))
    glare = 0.8 * _centre(seen) + 0.5 * seen.moved("bright end") if _is_glare(seen) else 0.0
    return {
        "exposure": max(abs(brightness), flat, _clipping(seen) - 0.3) - 0.3 * _noise(seen),
        "light": max(0.0, glare, dark_border - _ends(seen)),
        "colour": max(abs(seen.moved("warmth")), abs(seen.moved("saturation"))),
    }


def _of_places(seen: Comparison) -> dict[str, float]:
    centre, brightness = _centre(seen), seen.moved("brightness")
    darker = max(0.0, seen.moved("contrast") - 0.3) + max(0.0, -brightness)
    is_dirt = centre > 1.0 and darker > _DIRT_PER_CENTRE * centre and brightness < 0.2
    if _is_glare(seen):
        return {"framing": 0.0, "dirt": 0.0}
    if is_dirt and seen.moved("bright end") < _GLARE_PER_CENTRE * centre:
        return {"framing": 0.0, "dirt": 0.8 * centre + 0.5 * darker}
    # Noise has edges in all directions, so that its tilt means nothing.
    turned = seen.turned - 2.0 * _noise(seen) - 0.5 * _ends(seen)
    return {"framing": max(0.8 * centre, turned), "dirt": 0.0}


def _noise(seen: Comparison) -> float:
    return max(0.0, min(seen.moved("sharpness"), 3.0 * max(0.0, seen.moved("grain"))))


def _centre(seen: Comparison) -> float:
    return float(np.hypot(seen.moved("row centre"), seen.moved("column centre")))


def _clipping(seen: Comparison) -> float:
    return float(np.clip(seen.moved("clipping"), 0.0, _MOST_CLIPPING))


def _ends(seen: Comparison) -> float:
    return 0.5 * (abs(seen.moved("dark end")) + abs(seen.moved("bright end")))


def _is_glare(seen: Comparison) -> bool:
    bright = seen.moved("bright end") > _GLARE_PER_CENTRE * _centre(seen)
    return bright and _centre(seen) > 1.0 and _clipping(seen) > 1.0


_SHOWN = {
    "noise": ("sharpness", "grain"),
    "focus": ("sharpness",),
    "sensor": ("sharpness", "grain"),
    "compression": ("grain",),
    "exposure": ("brightness", "contrast", "clipping"),
    "light": ("border", "row centre", "column centre", "bright end", "clipping"),
    "colour": ("warmth", "saturation"),
    "framing": ("row centre", "column centre", "border"),
    "dirt": ("brightness", "contrast", "row centre", "column centre"),
}


def _evidence(seen: Comparison, fault: str) -> tuple[str, ...]:
    shown = tuple(
        f"{name.capitalize()} moved by {seen.moved(name):+.1f} times what groups differ by anyway."
        for name in _SHOWN[fault]
    )
    if fault != "framing" or seen.turned < 1:
        return shown
    return (f"Edges turned by {seen.turned:.1f} times what groups differ by anyway.", *shown)
