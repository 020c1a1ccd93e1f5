"""What a browser is called in a list: in a few words that its owner knows it by, made of what it says of itself."""

from collections.abc import Mapping

MAX_AGENT = 400
"""Characters of a User-Agent that are looked at."""
_BROWSERS: Mapping[str, str] = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
"""The first that stands there counts: most say to be Chrome and Safari as well."""
_SYSTEMS: Mapping[str, str] = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser_name(agent: str) -> str:
    """`Firefox (Windows)` of a User-Agent; one of the two where the other is not known, and empty where neither is.

    None of its own words is kept: whatever somebody sends, what is shown is one of ours.
    """
    text = agent[:MAX_AGENT]
    browser, system = (
        next((name for part, name in names.items() if part in text), "") for names in (_BROWSERS, _SYSTEMS)
    )
    return f"{browser} ({system})" if browser and system else browser or system
