"""What a layout hands to the drawing: boxes, curves and bands at places in inches, y upwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Sequence

from tfnas.plotting.theme import SMALL, text_width

Point = tuple[float, float]

BOX_HEIGHT = 0.25
NODE_SIZE = 0.30
WIDE = 9.4
"""A picture much wider than this is shrunk on a page."""
RING = 0.05
"""Distance of the ring around a marked box."""

_PAD = 0.08
_LINE_HEIGHT = 0.15


@dataclass(frozen=True, slots=True)
class Box:
    """Text in a rounded box, in a circle, or alone.

    Attributes:
        x: Centre.
        y: Centre.
        width: Full width.
        height: Full height.
        text: One or more lines.
        colour: Fill; None for a neutral box.
        live: Whether what it stands for computes anything; drawn faint if not.
        shape: ``"box"``, ``"circle"``, ``"plain"`` (text alone) or ``"caption"`` (small text alone).
        marked: Whether a ring is around it.
    """

    x: float
    y: float
    width: float
    height: float
    text: str
    colour: str | None = None
    live: bool = True
    shape: str = "box"
    marked: bool = False

    def overlaps(self, other: "Box", gap: float = 0.0) -> bool:
        """Whether two boxes are closer to each other than `gap`."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + gap
            and abs(self.y - other.y) < (self.height + other.height) / 2 + gap
        )

    def covers(self, point: Point, gap: float = 0.0) -> bool:
        """Whether a point is inside the box or closer to it than `gap`."""
        return abs(self.x - point[0]) < self.width / 2 + gap and abs(self.y - point[1]) < self.height / 2 + gap

    @property
    def outer(self) -> tuple[float, float]:
        """Width and height with the ring."""
        ring = 2 * RING if self.marked else 0.0
        return self.width + ring, self.height + ring


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through `points`; `arrow` puts a head at its end, `thin` is for lines that are many."""

    points: tuple[Point, ...]
    colour: str | None = None
    live: bool = True
    arrow: bool = True
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A faint area behind boxes that have something in common."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Scene:
    """One component, laid out.

    Attributes:
        name: Of the component.
        boxes: Those of nodes come first, in order.
        curves: Lines.
        bands: Behind them.
        notes: Lines of text that say what the picture's marks mean.
    """

    name: str
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    bands: tuple[Band, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Returns ``(left, bottom, right, top)``."""
        xs = [x for curve in self.curves for x, _ in curve.points]
        ys = [y for curve in self.curves for _, y in curve.points]
        xs += [box.x + side * box.outer[0] / 2 for box in self.boxes for side in (-1, 1)]
        ys += [box.y + side * box.outer[1] / 2 for box in self.boxes for side in (-1, 1)]
        xs += [x for band in self.bands for x in (band.left, band.right)]
        ys += [y for band in self.bands for y in (band.bottom, band.top)]
        return min(xs), min(ys), max(xs), max(ys)

    def moved(self, dx: float, dy: float) -> "Scene":
        """Returns the scene at another place."""
        return replace(
            self,
            boxes=tuple(replace(box, x=box.x + dx, y=box.y + dy) for box in self.boxes),
            curves=tuple(
                replace(curve, points=tuple((x + dx, y + dy) for x, y in curve.points)) for curve in self.curves
            ),
            bands=tuple(Band(band.left + dx, band.bottom + dy, band.right + dx, band.top + dy) for band in self.bands),
        )


def label_box(x: float, y: float, text: str, colour: str | None = None, live: bool = True) -> Box:
    """Returns a box that fits its text."""
    lines = text.split("\n")
    width = max(text_width(line) for line in lines) + 2 * _PAD
    return Box(x, y, width, BOX_HEIGHT + _LINE_HEIGHT * (len(lines) - 1), text, colour, live)


def caption_box(left: float, y: float, text: str) -> Box:
    """Returns small text that begins at `left`."""
    width = text_width(text, SMALL)
    return Box(left + width / 2, y, width, 0.13, text, shape="caption")


def bezier(start: Point, first: Point, second: Point, end: Point, steps: int = 32) -> tuple[Point, ...]:
    """Returns points on a cubic curve, both ends included."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        s = 1 - t
        weights = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
        corners = (start, first, second, end)
        points.append(
            (
                sum(weight * corner[0] for weight, corner in zip(weights, corners)),
                sum(weight * corner[1] for weight, corner in zip(weights, corners)),
            )
        )
    return tuple(points)


def sources_and_targets(edges: Sequence[tuple[int, int]], size: int) -> tuple[list[list[int]], list[list[int]]]:
    """Returns what each of `size` nodes reads, and what reads it."""
    sources: list[list[int]] = [[] for _ in range(size)]
    targets: list[list[int]] = [[] for _ in range(size)]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    return sources, targets
