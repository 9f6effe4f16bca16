"""``make figures``: how large modules and functions are, what is annotated and documented, who imports whom.

Read from syntax trees; needs nothing but Python. Each figure stands beside the most or the least that it may be.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from tests.house.source import PACKAGES, Function, Module, modules

DOCUMENTED = ("training.core", "training.trainer", "training.evaluator", "training.exporter", "training.server")
WELL_KNOWN = {"self", "cls"}


@dataclass(frozen=True)
class Figure:
    """What was counted; ``limit`` is the most that it may be, for a share the least."""

    name: str
    value: float
    limit: float
    is_share: bool = False
    where: str = ""

    @property
    def is_kept(self) -> bool:
        """Within its limit."""
        return self.value >= self.limit if self.is_share else self.value <= self.limit

    def __str__(self) -> str:
        value, limit = (f"{figure:.0%}" if self.is_share else f"{figure:g}" for figure in (self.value, self.limit))
        mark, bound = " " if self.is_kept else "!", "at least" if self.is_share else "at most"
        return f"{mark} {self.name:46}{value:>8}   {bound:8} {limit:>5}   {self.where}".rstrip()


def figures() -> list[Figure]:
    """All of them."""
    found = modules()
    sizes = {module.name: module.lines for module in found if module.lines}
    functions = [(length(node), f"{module.name}.{node.name}") for module in found for node in module.functions()]
    lengths = sorted(size for size, _ in functions)
    longest = max(functions)
    views = max((length(node), f"{module.name}.{node.name}") for module, node in _views(found))
    documented = [node for module in found if module.name.startswith(DOCUMENTED) for node in public(module)]
    undocumented = [name for name, node in documented if not ast.get_docstring(node)]
    bare = [f"{module.name}.{node.name}" for module in found for node in module.functions() if not annotated(node)]
    pairs = mutual_pairs(found)
    lazy = [module.name for module in found if any(_is_own(name) for name in module.imports(lazy=True))]
    return [
        Figure("modules: median lines", statistics.median(sizes.values()), 70),
        Figure("modules: longest", max(sizes.values()), 350, where=max(sizes, key=lambda name: sizes[name])),
        Figure("functions: median lines", statistics.median(lengths), 6),
        Figure("functions: 90th percentile", lengths[int(0.9 * len(lengths))], 18),
        Figure("functions: longest", longest[0], 40, where=longest[1]),
        Figure("views: longest", views[0], 30, where=views[1]),
        Figure("functions annotated", 1 - len(bare) / len(functions), 1, True, ", ".join(bare[:3])),
        Figure(
            "public docstrings in core and programs", 1 - len(undocumented) / len(documented), 1, True,
            ", ".join(undocumented[:3]),
        ),
        Figure("modules that import their own lazily", len(lazy), 0, where=", ".join(lazy)),
        Figure("pairs of packages that import each other", len(pairs), 0, where=", ".join(map(" <-> ".join, pairs))),
    ]  # fmt: skip


def length(node: Function) -> int:
    """Lines of a function from its ``def`` to its end, its docstring left out."""
    whole = (node.end_lineno or 0) - node.lineno + 1
    first = node.body[0]
    return whole - ((first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0)


def annotated(node: Function) -> bool:
    """Every argument and the result have a type."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return node.returns is not None and all(
        one.annotation is not None for one in named if one is not None and one.arg not in WELL_KNOWN
    )


def public(module: Module) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Public functions and classes, and public methods of public classes, each with its name."""
    for node in module.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{module.name}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, Function) and not inner.name.startswith("_"):
                        yield f"{module.name}.{node.name}.{inner.name}", inner


def mutual_pairs(found: list[Module]) -> list[tuple[str, str]]:
    """Packages beside each other of which each imports the other."""
    siblings: dict[str, set[str]] = {}
    edges: set[tuple[str, str]] = set()
    for module in found:
        for name in module.imports():
            mine, theirs = module.name.split("."), name.split(".")
            at = next((at for at, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), None)
            if at is None or not _is_own(name):
                continue
            edge = ".".join(mine[: at + 1]), ".".join(theirs[: at + 1])
            edges.add(edge)
            siblings.setdefault(".".join(mine[:at]), set()).update(edge)
    return [
        pair for names in siblings.values() for pair in combinations(sorted(names), 2) if {pair, pair[::-1]} <= edges
    ]


def _is_own(name: str) -> bool:
    return name.split(".")[0] in PACKAGES


def _views(found: list[Module]) -> Iterator[tuple[Module, Function]]:
    for module in found:
        is_views = module.name.endswith((".views", ".web.api")) or ".web.views." in module.name
        if is_views:
            yield from ((module, node) for node in module.functions())


def main() -> int:
    """Print the figures; 1 if one is beyond its limit."""
    found = figures()
    print(*found, sep="\n")
    return 0 if all(figure.is_kept for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
