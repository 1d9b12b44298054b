"""What a test asks of a page."""

import re
from html.parser import HTMLParser


class Page(HTMLParser):
    """A page's text, its tables by caption, its tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.text = html, ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._caption, self._open, self._rows = "", "", [[]]
        self.feed(html)
        self.text = _on_one_line(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._caption, self._rows = "", []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.tables[self._caption.strip()] = [[_on_one_line(cell) for cell in row] for row in self._rows]
        self._open = "" if tag != "b" else "td"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open == "caption":
            self._caption += data
        elif self._rows and self._rows[-1] and self._open in {"td", "th", "span", "br", "b"}:
            self._rows[-1][-1] += f" {data}"

    def table(self, caption: str) -> list[list[str]]:
        return next(rows for name, rows in self.tables.items() if name.startswith(caption))

    @property
    def alts(self) -> list[str]:
        """What the pictures show, in words."""
        return [attributes["alt"] or "" for tag, attributes in self.tags if tag == "img"]


def _on_one_line(text: str) -> str:
    return re.sub(r"[ \n]+", " ", text).strip()  # the spaces within numbers stay what they are
