"""What a TMDL document is made of: objects with properties and children."""

import re
from dataclasses import dataclass, field

_MUST_BE_QUOTED = re.compile(r"[\s.=:']")


@dataclass(frozen=True)
class Property:
    """One property of an object.

    Parameters
    ----------
    name : str
        In camel case.
    value : str, optional
        As written behind the colon, or behind the equals sign of an expression; None is a flag, which is true.
    is_expression : bool
        Whether the value is an expression (DAX or M), which may have several lines.
    """

    name: str
    value: str | None = None
    is_expression: bool = False


@dataclass(frozen=True)
class Node:
    """An object: a table, a column, a measure, an annotation and so on.

    Parameters
    ----------
    keyword : str
        The object's type, such as `table`; `ref table` for a reference to an object declared elsewhere.
    name : str
        Not quoted; empty for objects without one, such as `refreshPolicy`.
    expression : str, optional
        What stands behind the equals sign of the declaration: of a measure its DAX, of a partition its kind.
    description : str
        What stands above it behind `///`.
    properties, children : tuple
        In the order they are written.
    line : int
        Where it was read, from 1; 0 where it was not read. Two objects are the same wherever they stand.
    """

    keyword: str
    name: str = ""
    expression: str | None = None
    description: str = ""
    properties: tuple[Property, ...] = ()
    children: tuple["Node", ...] = ()
    line: int = field(default=0, compare=False)

    def property(self, name: str) -> str | None:
        """Return a property's value, `true` for a flag, None if it has none."""
        for one in self.properties:
            if one.name == name:
                return "true" if one.value is None else one.value
        return None

    def all(self, keyword: str) -> tuple["Node", ...]:
        """Return the children of a type."""
        return tuple(child for child in self.children if child.keyword == keyword)


def quoted(name: str) -> str:
    """Return a name as TMDL writes it: in quotes where it has blanks, dots, colons, equals signs or quotes.

    Examples
    --------
    >>> quoted("Sales"), quoted("Key figures"), quoted("Can't Lose Them")
    ('Sales', "'Key figures'", "'Can''t Lose Them'")
    """
    return "'" + name.replace("'", "''") + "'" if _MUST_BE_QUOTED.search(name) else name
