"""Which definitions of a tree refer to which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from extractor.schema.tree import Choice, Free, Leaf, Node, Ref, Tree, children

__all__ = ["kept", "recursive", "references"]


def kept(tree: Tree) -> set[str]:
    """The definitions that stay definitions: the recursive ones, and those with parts that are used more than once."""
    if not tree.definitions:
        return set()
    inner = {name: list(references(node)) for name, node in tree.definitions.items()}
    uses = Counter(references(tree.root))
    for names in inner.values():
        uses.update(names)
    small = (Leaf, Choice, Free, Ref)
    large = {name for name, count in uses.items() if count > 1 and not isinstance(tree.definitions[name], small)}
    return large | recursive(inner)


def references(node: Node) -> Iterator[str]:
    """The names that a node refers to, without following them."""
    if isinstance(node, Ref):
        yield node.name
    for child in children(node):
        yield from references(child)


def recursive(graph: Mapping[str, list[str]]) -> set[str]:
    """The names that can be reached from themselves."""
    return {name for name in graph if name in _reached(graph, name)}


def _reached(graph: Mapping[str, list[str]], name: str) -> set[str]:
    reached: set[str] = set()
    ahead = list(graph[name])
    while ahead:
        step = ahead.pop()
        if step not in reached:
            reached.add(step)
            ahead.extend(graph[step])
    return reached
