"""The camera: faults that move all pictures alike, recognised by the picture statistics.

The directions are those of the faults in `components.common.pictures.corruptions`: blur lowers
sharpness and leaves brightness; noise raises it and the grain most of all; exposure moves
brightness or contrast; a shift moves the centre; a rotation tilts edges; dirt darkens, adds
contrast and moves the centre.
"""

import numpy as np

from components.monitor.explain.comparison import CauseFinding, Comparison

_BEGIN = 1.8  # spreads between groups, for a window of one group
_DIRT_PER_CENTRE = 0.4  # contrast that comes with a moved centre: a shift brings less


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
    brightness, contrast = seen.moved("brightness"), seen.moved("contrast")
    sharpness, grain = seen.moved("sharpness"), seen.moved("grain")
    # Clipping grows by hundreds of spreads and would drown everything.
    clipping = min(seen.moved("clipping"), 4.0)
    centre = float(np.hypot(seen.moved("row centre"), seen.moved("column centre")))
    colour = max(abs(seen.moved("warmth")), abs(seen.moved("saturation")))
    noise = max(0.0, min(sharpness, 3.0 * max(grain, 0.0)))
    brighter = max(0.0, brightness) + (clipping if noise < 2.0 and brightness > 0.3 else 0.0)
    darker = max(0.0, -brightness)
    flat = max(0.0, -contrast) - max(0.0, centre - 2.0)
    dirt_like = max(0.0, contrast - 0.3) + max(0.0, -brightness)
    is_dirt = centre > 1.0 and dirt_like > _DIRT_PER_CENTRE * centre and brightness < 0.2
    return {
        "noise": noise,
        "focus": max(0.0, -sharpness - 0.3 * abs(contrast) - 0.3 * centre) * 1.2,
        "exposure": max(brighter, darker, flat) - 0.3 * max(0.0, noise),
        "colour": colour,
        # Noise has edges in all directions, so that its tilt means nothing.
        "framing": 0.0 if is_dirt else max(0.8 * centre, seen.turned - 2.0 * noise),
        "dirt": 0.8 * centre + 0.5 * dirt_like if is_dirt else 0.0,
    }


_SHOWN = {
    "noise": ("sharpness", "grain"),
    "focus": ("sharpness",),
    "exposure": ("brightness", "contrast", "clipping"),
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
