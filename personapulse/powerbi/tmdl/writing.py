"""Writes TMDL as Power BI Desktop does, so that saving there what was generated here changes nothing.

Tabs, properties first, a blank line before every child and one at the end of the file.
"""

from collections.abc import Iterable, Iterator

from personapulse.powerbi.tmdl.nodes import Node, Property, quoted

TAB = "\t"
# steps an expression stands deeper than the line it belongs to
_DEEPER = 2
_DEEPER_IN = {"refreshPolicy": 1}
_TOGETHER = ("ref table", "ref role", "ref cultureInfo")  # one below the other, no line between


def write(nodes: Iterable[Node]) -> str:
    """Return a document; no line of it ends with a blank."""
    lines: list[str] = []
    before = ""
    for node in nodes:
        if lines and not (node.keyword == before and node.keyword in _TOGETHER):
            lines.append("")
        lines += _object(node, 0)
        before = node.keyword
    return "\n".join(lines) + "\n\n"


def _object(node: Node, depth: int) -> Iterator[str]:
    indent = TAB * depth
    for line in node.description.splitlines():
        yield f"{indent}/// {line}".rstrip()
    declared = f"{indent}{node.keyword} {quoted(node.name)}".rstrip()
    yield from (
        _with_expression(declared, node.expression, depth + _DEEPER) if node.expression is not None else [declared]
    )
    for one in node.properties:
        yield from _property(one, depth + 1, _DEEPER_IN.get(node.keyword, _DEEPER))
    for child in node.children:
        if child.keyword != "dataAccessOptions":  # stands among the properties
            yield ""
        yield from _object(child, depth + 1)


def _property(one: Property, depth: int, deeper: int) -> Iterator[str]:
    indent = TAB * depth
    if one.value is None:
        yield f"{indent}{one.name}"
    elif one.is_expression:
        yield from _with_expression(f"{indent}{one.name}", one.value, depth + deeper)
    else:
        yield f"{indent}{one.name}: {one.value}"


def _with_expression(declared: str, expression: str, depth: int) -> Iterator[str]:
    lines = expression.splitlines()
    if len(lines) == 1:
        yield f"{declared} = {lines[0]}"
        return
    yield f"{declared} ="
    for line in lines:
        yield f"{TAB * depth}{line}" if line.strip() else ""
