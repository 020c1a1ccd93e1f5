"""The page on the architecture: its picture is what the imports say."""

from tests.docs.architecture import arrows, picture
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
HEIGHT = (
    *("once", "threads", "domain", "observability", "settings", "cache", "turns", "mail", "signing", "runtime"),
    *("encryption", "store", "usecases", "web", "licenseapi", "portal"),
)
"""From the ground up; `bootstrap` and `infra` stand on top."""


def test_the_picture_is_drawn_from_the_imports() -> None:
    assert f"```mermaid\n{picture()}\n```" in PAGE, (
        "run python -m tests.docs.architecture, and put what it prints there"
    )


def test_no_arrow_points_up() -> None:
    height = {room: number for number, room in enumerate((*HEIGHT, "bootstrap", "infra"))}
    assert [(above, below) for above, below in arrows() if height[above] <= height[below]] == []
