"""Which room imports which, as a Mermaid graph: only what does not follow from other arrows is drawn."""

from collections import defaultdict

from tests.house.source import PACKAGES, modules

DIVIDED = {"training", "datasets"}
"""Packages whose rooms are drawn apart; the others are drawn whole."""
ABOVE = {"apps", "checks", "urls", "templatetags", "management"}
"""What only ties an app together is left out."""

Graph = dict[str, set[str]]


def imports() -> Graph:
    """For each room, those that it imports from."""
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for module in modules():
        room = _room(module.name)
        if room is None:
            continue
        graph[room] |= {other for name in module.imports() if (other := _room(name)) and other != room}
    return dict(graph)


def reduced(graph: Graph) -> Graph:
    """Without the arrows that a longer way stands for."""
    return {
        room: {target for target in targets if not any(target in reach(graph, other) for other in targets - {target})}
        for room, targets in graph.items()
    }


def reach(graph: Graph, room: str) -> set[str]:
    """Every room that one imports from, directly or not."""
    seen: set[str] = set()
    waiting = [room]
    while waiting:
        for target in graph.get(waiting.pop(), set()) - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def mermaid() -> str:
    """The graph as Markdown."""
    graph = reduced(imports())
    lines = ["```mermaid", "flowchart TD"]
    for package in PACKAGES:
        rooms = sorted(room for room in graph if room.split(".")[0] == package)
        if package in DIVIDED:
            lines.append(f"  subgraph {package}")
            lines += [f"    {room}[{room.partition('.')[2]}]" for room in rooms]
            lines.append("  end")
        else:
            lines += [f"  {room}" for room in rooms]
    lines += [f"  {room} --> {target}" for room in sorted(graph) for target in sorted(graph[room])]
    return "\n".join([*lines, "```"])


def _room(name: str) -> str | None:
    package, _, rest = name.partition(".")
    if package not in PACKAGES:
        return None
    if package not in DIVIDED:
        return package
    room = rest.partition(".")[0]
    return None if not room or room in ABOVE else f"{package}.{room}"
