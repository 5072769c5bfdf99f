"""Plots of the rivals' benchmark, as SVG, where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from growth import LEVELS, Size

__all__ = ["Point", "draw", "missing"]


class Point(NamedTuple):
    """One searcher at one size; milliseconds are those of the best pass."""

    people: int
    median: float
    high: float
    recall: float


def missing() -> str:
    """Why nothing can be drawn; empty if it can."""
    try:
        import matplotlib  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    # No random identifiers and no date: the same figures make the same file.
    pyplot.rcParams |= {"svg.hashsalt": "phonosearch", "svg.fonttype": "none"}
    return pyplot


def _save(figure: Any, stem: Path, name: str) -> str:
    path = stem.with_name(f"{stem.name}-{name}.svg")
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    _pyplot().close(figure)
    return path.name


def _style(name: str, at: int) -> dict[str, Any]:
    """Colours and marks that tell twenty searchers apart; ours are black."""
    if name.startswith("phonosearch"):
        hollow = {"linestyle": "--", "markerfacecolor": "white"} if name.endswith("sounds") else {}
        return {"color": "black", "linewidth": 2.5, "marker": "*", "markersize": 11, **hollow}
    return {"color": f"C{at % 10}", "marker": "osD^vP<>X"[at % 9], "linewidth": 1.2}


def _latency(pyplot: Any, searchers: Mapping[str, Sequence[Point]]) -> Any:
    figure, panels = pyplot.subplots(1, 2, figsize=(13, 5.5), sharey=True)
    for axes, title in zip(panels, ("median", "p99"), strict=True):
        for at, (name, points) in enumerate(searchers.items()):
            ms = [point.median if title == "median" else point.high for point in points]
            axes.plot([point.people for point in points], ms, label=name, **_style(name, at))
        axes.set(xscale="log", yscale="log", xlabel="people", title=f"{title}, best pass")
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="milliseconds a query")
    panels[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return figure


def _recall(pyplot: Any, searchers: Mapping[str, Sequence[Point]], size: int) -> Any:
    figure, axes = pyplot.subplots(figsize=(8, 5.5))
    for at, (name, points) in enumerate(searchers.items()):
        for point in points:
            if point.people == size:
                axes.plot([point.median], [point.recall], label=name, **(_style(name, at) | {"linestyle": "none"}))
                axes.plot([point.median, point.high], [point.recall] * 2, color=_style(name, at)["color"], alpha=0.4)
    axes.set(xscale="log", xlabel="milliseconds a query: median, and a line to p99", ylabel="recall in the first page")
    axes.set(title=f"{size:,} people")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    return figure


def _growth(pyplot: Any, sizes: Sequence[Size]) -> Any:
    figure, panels = pyplot.subplots(2, 2, figsize=(11, 8))
    people = [one.people for one in sizes]
    for axes, at, title in zip(panels[0], (0, 1), ("median", "p99"), strict=True):
        for level in LEVELS:
            (line,) = axes.plot(people, [one.best[level][at] for one in sizes], marker="o", label=f"{level}, best pass")
            first = [one.first[level][at] for one in sizes]
            axes.plot(people, first, marker="o", linestyle=":", color=line.get_color(), label=f"{level}, first pass")
        axes.set(xscale="log", yscale="log", ylabel="milliseconds a query", title=title)
        axes.legend(fontsize=8)
    panels[1][0].plot(people, [one.build for one in sizes], marker="o", label="with names to display")
    panels[1][0].plot(people, [one.bare_build for one in sizes], marker="o", label="without")
    panels[1][0].set(xscale="log", yscale="log", ylabel="seconds", title="build")
    panels[1][1].plot(people, [one.size for one in sizes], marker="o", label="with names to display")
    panels[1][1].plot(people, [one.bare_size for one in sizes], marker="o", label="without")
    panels[1][1].set(xscale="log", ylabel="bytes a person", title="file")
    panels[1][1].set_ylim(bottom=0)
    for axes in panels.flat:
        axes.set(xlabel="people")
        axes.grid(alpha=0.3)
    for axes in panels[1]:
        axes.legend(fontsize=8)
    figure.tight_layout()
    return figure


def draw(stem: Path, searchers: Mapping[str, Sequence[Point]], size: int, sizes: Sequence[Size]) -> list[str]:
    """Latency against people, recall against latency, and growth; the names of the files."""
    pyplot = _pyplot()
    made = [
        _save(_latency(pyplot, searchers), stem, "latency"),
        _save(_recall(pyplot, searchers, size), stem, "recall"),
    ]
    if len(sizes) > 1:
        made.append(_save(_growth(pyplot, sizes), stem, "growth"))
    return made
