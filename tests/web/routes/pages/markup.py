"""A page as its markup says it, without a browser: what a reader's software relies on."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "path", "rect", "line", "use"))
CONTROLS = frozenset(("input", "select", "textarea"))


@dataclass
class Element:
    """A tag, what it says of itself, and the text within."""

    tag: str
    attributes: dict[str, str]
    within: tuple[Element, ...]
    text: str = ""

    def inside(self, tag: str) -> bool:
        return any(one.tag == tag for one in self.within)


@dataclass
class Markup(HTMLParser):
    """Every element of a page."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, html: str) -> Markup:
        one = cls()
        one.feed(html)
        one.close()
        one.unbalanced += [f"<{left.tag}> is not closed" for left in one.open]
        return one

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        self.elements.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1].tag != tag:
            self.unbalanced.append(f"</{tag}> at {self.getpos()}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [one for one in self.elements if one.tag == tag]

    def with_id(self, name: str) -> Element | None:
        return next((one for one in self.elements if one.attributes.get("id") == name), None)


def faults(page: Markup) -> list[str]:
    """What is wrong with a whole page."""
    found = list(page.unbalanced)
    for tag in ("h1", "main", "header", "footer", "title"):
        count = sum(not one.inside("svg") for one in page.all(tag))
        if count != 1:
            found.append(f"{count} x <{tag}>")
    if page.all("html")[0].attributes.get("lang") != "en":
        found.append("no language")
    found += written_in(page) + nameless(page) + dangling(page)
    return found


def written_in(page: Markup) -> list[str]:
    """Scripts and styles in the page itself; the policy forbids them."""
    found = []
    for one in page.elements:
        if one.tag == "style" or (one.tag == "script" and not one.attributes.get("src")):
            found.append(f"<{one.tag}> in the page")
        found += [
            f"<{one.tag} {name}>"
            for name in one.attributes
            if name == "style" or name.startswith(("on", "hx-on"))
        ]
        for name in ("href", "src", "action"):
            if one.attributes.get(name, "").strip().lower().startswith(("javascript:", "data:")):
                found.append(f"<{one.tag} {name}={one.attributes[name]}>")
    return found


def nameless(page: Markup) -> list[str]:
    """Controls, links, pictures and players without a name."""
    labelled = {one.attributes.get("for") for one in page.all("label")}
    found = []
    for one in page.elements:
        said = one.attributes
        hidden = said.get("type") == "hidden" or said.get("aria-hidden") == "true"
        named = bool(said.get("aria-label") or said.get("aria-labelledby"))
        if one.tag in CONTROLS and not hidden:
            named = named or said.get("id") in labelled or one.inside("label")
        elif one.tag in {"a", "button", "summary"}:
            named = named or bool(one.text.strip())
        elif one.tag == "img":
            named = "alt" in said
        elif one.tag not in {"audio", "video", "progress", "nav"}:
            continue
        if not named and not hidden:
            found.append(f"<{one.tag} {said}> has no name")
    return found


def dangling(page: Markup) -> list[str]:
    """Names that lead nowhere, and ids given twice."""
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    found = [f"#{name} twice" for name in set(ids) if ids.count(name) > 1]
    for one in page.elements:
        for name in ("for", "aria-labelledby", "aria-describedby", "form"):
            wanted = one.attributes.get(name, "").split()
            found += [f"{name}={it} leads nowhere" for it in wanted if it not in ids]
        target = one.attributes.get("hx-target", "")
        if target.startswith("#") and target[1:] not in ids:
            found.append(f"hx-target={target} leads nowhere")
    return found
