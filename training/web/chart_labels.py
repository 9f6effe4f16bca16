"""Names beside the points of a picture, where there is room for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LETTER, LINE = 6.0, 12.0
"""About how wide and high text of 10.5 units is, per letter and line."""
RADIUS = 7.0
"""Of a point, with some air."""
Spot = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, kw_only=True)
class Label:
    text: str
    x: float
    y: float
    anchor: str
    """SVG's: "start", "middle" or "end"."""

    @property
    def box(self) -> Box:
        """What it covers, about."""
        width = LETTER * len(self.text)
        left = self.x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        return left, self.y - 0.8 * LINE, left + width, self.y + 0.2 * LINE


def labels(names: Mapping[str, Spot], points: Iterable[Spot], frame: Box) -> dict[str, Label]:
    """Labels for those points that have room for one within the frame, off all points and the other labels.

    Args:
        names: to put beside these places; the first are served first.
        points: all of them, named or not.
        frame: what labels must stay within.
    """
    taken = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in points]
    found = {}
    for text, (x, y) in names.items():
        fitting = (one for one in _beside(text, x, y) if _within(one.box, frame) and not _meets(one.box, taken))
        if label := next(fitting, None):
            found[text] = label
            taken.append(label.box)
    return found


def _beside(text: str, x: float, y: float) -> list[Label]:
    return [
        Label(text=text, x=x + RADIUS + 2, y=y + 3.5, anchor="start"),
        Label(text=text, x=x - RADIUS - 2, y=y + 3.5, anchor="end"),
        Label(text=text, x=x, y=y - RADIUS - 4, anchor="middle"),
        Label(text=text, x=x, y=y + RADIUS + LINE, anchor="middle"),
        Label(text=text, x=x + 3, y=y - RADIUS - 4, anchor="start"),
        Label(text=text, x=x - 3, y=y - RADIUS - 4, anchor="end"),
    ]


def _within(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _meets(box: Box, taken: Sequence[Box]) -> bool:
    return any(box[0] < one[2] and one[0] < box[2] and box[1] < one[3] and one[1] < box[3] for one in taken)
