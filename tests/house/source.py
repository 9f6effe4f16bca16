"""The product's source as syntax trees, for what is counted and drawn of it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pipeline", "datasets", "training", "notifications")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file."""

    path: Path

    @property
    def name(self) -> str:
        """Dotted: training.core.memory."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """What its relative imports start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    @cached_property
    def text(self) -> str:
        """As it stands."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """Parsed."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """Of the file, blank ones and all."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def imports(self, *, lazy: bool = False) -> set[str]:
        """Names that it imports from, at its top level, or inside functions; of ``from a import b``, a and a.b."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        inner = {id(node) for function in self.functions() for node in ast.walk(function)}
        found: set[str] = set()
        for node in nodes:
            if (id(node) in inner) != lazy:
                continue
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            else:
                base = self._base(node)
                found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        return found

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, node.module] if node.module else parts)


def modules() -> list[Module]:
    """Every module of the product but migrations."""
    return [
        Module(path)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
