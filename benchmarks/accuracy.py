"""How accurate phonosearch is, beside its peers: pairs of names, and people searched by names with errors.

``make accuracy`` runs all of it; ``--no-peers --task pairs`` is the short loop for tuning. Tasks whose data are absent
are left out with the reason.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import itertools
import json
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import phonosearch as ps
from accuracy_peers import Found, Peer, PlainRules, compare_pairs, peers, plain, search_people, search_with
from accuracy_tasks import (
    ERRORS,
    PAIR_TASKS,
    SEARCH_TASKS,
    Floats,
    OriginTask,
    PairTask,
    Places,
    SearchTask,
    area_under_curve,
    available,
    best_f1,
    calibration,
    crowd_task,
    mean_reciprocal_rank,
    origin_task,
    origins,
    recall_at,
    recall_at_fpr,
)

ROOT = Path(__file__).parents[1]
PAGE = 100
TOPS = (1, 5, 20, 100)
LEVELS = ("close", "wide")
BANDS = (0, 100, 200, 300, 400, 500, 600, 700, 750, 800, 850, 900, 950, 1000)
WORST = 20
PACKAGES = (
    "numpy", "rapidfuzz", "jellyfish", "nomenklatura", "rigour", "pseudopeople", "recordlinkage", "nicknames",
    "pyarrow", "matplotlib",
)  # fmt: skip

SOURCES = (
    ("Ancestry.com labels", "ancestry", "given, surname, border, nicknames"),
    ("rigour", "rigour", "arabic, russian, aliases, aliases_any_script, romanised"),
    ("FEBRL", "febrl", "febrl3, febrl4"),
    ("pseudopeople", "pseudopeople", "pseudopeople, nicknames, respelt"),
)
"""Where data are from, the word that a table made from them holds in its head, and the tasks that they serve."""

Row = dict[str, Any]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; floats are shares."""

    def text(cell: object) -> str:
        return ("–" if np.isnan(cell) else f"{cell:.3f}") if isinstance(cell, float) else str(cell)

    lines = [list(head), *([text(cell).replace("|", "\\|") for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def records(rows: Sequence[Row]) -> str:
    """A table of mappings with the same keys."""
    return table(rows[0], (row.values() for row in rows))


class Report:
    """What is printed and written: tables under headings, figures, and the worst cases of each task."""

    def __init__(self) -> None:
        self.sections: list[str] = []
        self.worst: list[str] = []
        self.figures: dict[str, list[Row]] = {}
        self.bands: dict[str, list[tuple[int, float]]] = {}

    def add(self, heading: str, text: str, rows: list[Row], key: str) -> None:
        if rows:
            self.figures[key] = rows
            self.sections.append(f"## {heading}\n\n{text}\n\n{records(rows)}")
            print(f"\n{self.sections[-1]}", flush=True)

    def add_worst(self, heading: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        if rows:
            self.worst.append(f"## {heading}\n\n{table(head, rows[:WORST])}")


# Pairs


def measures(scores: Floats, task: PairTask) -> Row:
    labels = task.labels
    return {
        "pairs": f"{len(labels):,}",
        "AUC": area_under_curve(scores, labels),
        "best F1": best_f1(scores, labels),
        "recall at 5 % false": recall_at_fpr(scores, labels, 0.05),
        "at 10 % false": recall_at_fpr(scores, labels, 0.10),
    }


def band(size: int, share: float) -> str:
    return f"{share:.2f} ({size:,})" if size else "–"


def some_pairs(task: PairTask, most: int, seed: int) -> PairTask:
    chosen = np.random.default_rng(seed).permutation(len(task.pairs))[:most]
    return PairTask(task.name, [task.pairs[at] for at in chosen], task.labels[chosen])


def run_pairs(report: Report, tasks: Iterable[PairTask], others: list[Peer], seed: int) -> None:
    rows: list[Row] = []
    means: dict[str, list[Row]] = {}
    all_scores, all_labels = [], []
    alike = False
    for task in tasks:
        scores = compare_pairs(task.pairs)
        all_scores.append(scores)
        all_labels.append(task.labels)
        report.bands[task.name] = calibration(scores, task.labels, BANDS)
        found = [("phonosearch", measures(scores, task))]
        reference = None
        for peer in others:
            sampled = peer.most is not None and len(task.pairs) > peer.most
            asked = some_pairs(task, peer.most or 0, seed) if sampled else task
            theirs = peer.pairs(asked.pairs)
            if reference is None:
                reference = theirs
            elif peer.name.startswith("jellyfish") and np.allclose(theirs, reference, atol=1e-9):
                alike = True
                continue
            found.append((peer.name, measures(theirs, asked)))
            if sampled:
                found.append(("phonosearch, the same sample", measures(compare_pairs(asked.pairs), asked)))
        for name, row in found:
            rows.append({"task": task.name, "by": name} | row)
            means.setdefault(name, []).append(row)
        _worst_pairs(report, task, scores)
    if len(all_scores) > 1:
        for name, theirs_rows in means.items():
            if len(theirs_rows) == len(all_scores):
                keys = [key for key in theirs_rows[0] if key != "pairs"]
                mean = {key: float(np.mean([row[key] for row in theirs_rows])) for key in keys}
                rows.append({"task": "**mean of tasks**", "by": name, "pairs": ""} | mean)
        report.bands["all tasks"] = calibration(np.concatenate(all_scores), np.concatenate(all_labels), BANDS)
    report.add(
        "Pairs",
        "AUC: the share of couples of a match and a nonmatch in which the match scores higher. Recall at 5 % false: of "
        "matches, where at most 5 % of the nonmatches are accepted. Half of the nonmatches of `arabic` and `russian` "
        "are the nearest by Jaro-Winkler among 200, which is hard on Jaro-Winkler in particular."
        + (" Jaro-Winkler of jellyfish is that of RapidFuzz on every pair." if alike else ""),
        rows,
        "pairs",
    )
    bands = [
        {"score": f"{low} to {high if high == BANDS[-1] else high - 1}"}
        | {name: band(*cells[at]) for name, cells in report.bands.items()}
        for at, (low, high) in enumerate(itertools.pairwise(BANDS))
    ]
    if report.bands:
        report.add(
            "Calibration",
            "The share of matches among pairs by the score of phonosearch, and how many pairs. The share of matches in "
            "a task is an accident of how it was made, so what counts is that the columns rise.",
            bands,
            "calibration",
        )


def _worst_pairs(report: Report, task: PairTask, scores: Floats) -> None:
    head = ("score", "level", "one", "other")
    order = np.argsort(scores, kind="stable")

    def rows(chosen: Iterable[int]) -> list[tuple[object, ...]]:
        return [(int(scores[at]), ps.compare(*task.pairs[at]).level, *task.pairs[at]) for at in chosen]

    report.add_worst(f"{task.name}: matches of the least score", head, rows(order[task.labels[order]][:WORST]))
    back = order[::-1]
    report.add_worst(f"{task.name}: nonmatches of the greatest score", head, rows(back[~task.labels[back]][:WORST]))


# Searches


def build(task: SearchTask | OriginTask) -> ps.PersonIndex:
    return ps.PersonIndex.build(
        {"person_id": person.person_id, "full_name": person.name, "dob": person.dob} for person in task.people
    )


def run_search(report: Report, tasks: Iterable[SearchTask], others: list[Peer], seed: int) -> None:
    rows: list[Row] = []
    kinds: list[Row] = []
    searchers = [peer for peer in others if peer.searches]
    for task in tasks:
        index = build(task)
        people = f"{len(task.people):,} / {len(task.queries):,}"
        for dated in (False, True):
            answers = [
                (f"phonosearch, {level}", search_people(index, task.queries, level, dated, PAGE)) for level in LEVELS
            ]
            answers += [
                (peer.name, search_with(peer, task.people, task.queries, dated, PAGE, seed)) for peer in searchers
            ]
            for name, answer in answers:
                ours = name.startswith("phonosearch")
                rows.append(
                    {"task": task.name, "people / queries": people, "asked": "name, date" if dated else "name"}
                    | {"by": name}
                    | {f"recall at {top}": recall_at(answer.ranks, top) for top in TOPS}
                    | {"MRR": mean_reciprocal_rank(answer.ranks, PAGE)}
                    | {"found, mean": f"{answer.totals.mean():.1f}" if ours else "all"}
                    | {"median": f"{np.median(answer.totals):g}" if ours else "all"}
                )
                if not dated:
                    kinds += _by_kind(task, name, answer)
            if not dated:
                _worst_searches(report, task, answers[0][1], answers[1][1])
    report.add(
        "Searches",
        "Rank of the person meant among all people. With a date, "
        f"peers add 0.3 times the share of equal digits. MRR counts ranks to {PAGE}.",
        rows,
        "search",
    )
    if kinds:
        report.add("Searches by kind of error", "Recall at 20, by the name alone.", kinds, "kinds")


def _by_kind(task: SearchTask, name: str, answer: Found) -> list[Row]:
    of = np.array([query.kind for query in task.queries])
    kinds = [kind for kind in dict.fromkeys(of.tolist()) if kind]
    shares = {kind: recall_at(answer.ranks[of == kind], 20) for kind in kinds}
    return [{"task": task.name, "by": name} | shares] if shares else []


def _worst_searches(report: Report, task: SearchTask, close: Found, wide: Found) -> None:
    names = {person.person_id: person.name for person in task.people}
    lost = [(close.ranks[at] or PAGE + 1, wide.ranks[at] or PAGE + 1, at) for at in range(len(task.queries))]
    lost.sort(key=lambda item: (-item[1], -item[0], item[2]))
    report.add_worst(
        f"{task.name}: the lowest ranks, name alone (0: not on the first {PAGE})",
        ("rank, close", "rank, wide", "asked", "meant", "kind"),
        [
            (close.ranks[at], wide.ranks[at], query.name, names[query.person_id], query.kind)
            for *_, at in lost[:WORST]
            for query in (task.queries[at],)
        ],
    )
    wrong = []
    for at, (query, page) in enumerate(zip(task.queries, wide.pages, strict=True)):
        meant = names[query.person_id]
        # Somebody of just the name that was asked for, or was meant, is no fault of the search.
        if page and page[0] != query.person_id and plain(names[page[0]]) not in (plain(query.name), plain(meant)):
            wrong.append((int(wide.best[at]), wide.ranks[at], query.name, names[page[0]], meant))
    wrong.sort(key=lambda row: (-row[0], -row[1], row[2]))
    report.add_worst(
        f"{task.name}: others who come first at wide, by score",
        ("score", "rank of the one meant", "asked", "came first", "meant"),
        wrong,
    )


# Levels


OR_VARIANT = ", or variant"


def run_levels(report: Report, tasks: Iterable[SearchTask]) -> None:
    """How many people a level returns, beside plain rules of the same reach."""
    if importlib.util.find_spec("rapidfuzz") is None:
        print("left out: levels: rapidfuzz, which measures the edits, is not installed", file=sys.stderr)
        return
    rows: list[Row] = []
    for task in tasks:
        index, rules = build(task), PlainRules(task.people)
        numbers = {person.person_id: row for row, person in enumerate(task.people)}
        counts: dict[str, list[int]] = {}
        hits: dict[str, list[bool]] = {}
        for query in task.queries:
            for level in ("sounds", "close"):
                answer = index.search(query.name, level=level, limit=min(len(index), 100_000))
                counts.setdefault(level, []).append(answer.total)
                hits.setdefault(level, []).append(query.person_id in {hit.person_id for hit in answer.hits})
            variants = {
                numbers[hit.person_id] for hit in index.search(query.name, level="variant", limit=100_000).hits
            }
            with_variants = rules.found_with_variants(query.name)
            for rule, found in rules.found(query.name).items():
                by_part = set(with_variants[rule].tolist()) | variants
                for name, people in ((rule, set(found.tolist())), (f"{rule}{OR_VARIANT}", by_part)):
                    counts.setdefault(name, []).append(len(people))
                    hits.setdefault(name, []).append(numbers[query.person_id] in people)
        for level, rule in zip(("sounds", "close"), PlainRules.names, strict=True):
            for name in (level, rule, f"{rule}{OR_VARIANT}"):
                rows.append({
                    "task": task.name, "queries": len(task.queries),
                    "by": f"phonosearch, {name}" if name == level else f"plain rule: {name}",
                    "people, mean": f"{np.mean(counts[name]):.1f}", "median": f"{np.median(counts[name]):g}",
                    "most": f"{max(counts[name]):,}", "recall": float(np.mean(hits[name])),
                })  # fmt: skip
    report.add(
        "Level counts",
        "How many people a search returns, and how often the person meant is among them. The plain rule pairs off "
        "every part of the shorter name, in any order, with a part that shares a Soundex or Double Metaphone key "
        "(keys), or that does or is within two edits (keys or 2 edits). It knows no variants and no nicknames, by "
        "which a part may match at every level from `variant` on; so it is also counted with them: each part by the "
        "rule or a variant, and all people of level `variant`. A level that keeps the ladder cannot return fewer. "
        "`sounds` should return no more than the first, `close` no more than the second, with higher recall.",
        rows,
        "levels",
    )


# Origins


def run_origins(report: Report, task: OriginTask, others: list[Peer], seed: int) -> None:
    """Recall at 20 by origin and kind of error; a namesake counts as the person meant."""
    index = build(task)
    names = {person.person_id: plain(person.name) for person in task.people}
    of, error = np.array(task.origins), np.array([query.kind for query in task.queries])

    def hits(found: Found) -> Floats:
        return np.array([
            any(names[one] == names[query.person_id] for one in page[:20])
            for query, page in zip(task.queries, found.pages, strict=True)
        ], dtype=np.float64)  # fmt: skip

    answers = {f"phonosearch, {level}": search_people(index, task.queries, level, False, 20) for level in LEVELS}
    for peer in others:
        if peer.name in ("RapidFuzz JaroWinkler", "RapidFuzz token_sort_ratio"):
            answers[peer.name] = search_with(peer, task.people, task.queries, False, 20, seed)
    found = {name: hits(answer) for name, answer in answers.items()}
    close = found.pop("phonosearch, close")
    unlike = error != "romanised"

    def share(hit: Floats, chosen: npt.NDArray[np.bool_]) -> float:
        return float(hit[chosen].mean()) if chosen.any() else float("nan")

    best = max(share(close, (of == origin) & unlike) for origin in origins())
    rows: list[Row] = []
    for origin in [*origins(), "all"]:
        mine = (of == origin) | (origin == "all")
        rows.append(
            {"origin": origin}
            | {kind: share(close, mine & (error == kind)) for kind in ERRORS}
            | {"of these": int((mine & ~unlike).sum())}
            | {"first four": share(close, mine & unlike), "gap to the best": best - share(close, mine & unlike)}
            | {f"first four, {name}": share(hit, mine & unlike) for name, hit in found.items()}
            | {f"romanised, {name}": share(hit, mine & ~unlike) for name, hit in found.items()}
        )
    report.add(
        "Recall by origin of the name",
        f"Recall at 20, by the name alone, at `close` unless said, in {len(task.people):,} people; a namesake counts. "
        "One edit: a slip of the keyboard; two in a part: two of them in the longest part; respelt: by the phonetic "
        "variations of pseudopeople; heard: all parts as somebody who does not know the name might write them; "
        "romanised: each part that has other spellings in the name groups of rigour takes one of them, so this column "
        "is as hard as the groups are wide. The gap is that of the first four together.",
        rows,
        "origins",
    )
    for kind in ERRORS:
        lost = [at for at in range(len(close)) if error[at] == kind and not close[at]]
        by_id = {person.person_id: person.name for person in task.people}
        report.add_worst(
            f"origins: {kind}, not among the first 20 at close",
            ("origin", "asked", "meant", "on the page at wide"),
            [
                (of[at], task.queries[at].name, by_id[task.queries[at].person_id], bool(found["phonosearch, wide"][at]))
                for at in np.random.default_rng(seed).permutation(lost).astype(int)[:WORST]
            ],
        )


# The report


def plot(report: Report, stem: Path) -> list[str]:
    """Draw what was measured; the names of the files."""
    try:
        import matplotlib  # type: ignore[import-not-found,unused-ignore]

        matplotlib.use("svg")
        from matplotlib import pyplot
    except ImportError as error:
        print(f"left out: plots: {error}", file=sys.stderr)
        return []
    pyplot.rcParams |= {"svg.hashsalt": "phonosearch", "svg.fonttype": "none"}
    made = []

    def save(figure: Any, name: str) -> None:
        path = stem.with_name(f"{stem.name}-{name}.svg")
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
        made.append(path.name)

    if report.bands:
        figure, axes = pyplot.subplots(figsize=(8, 5))
        middles = [(low + high) / 2 for low, high in itertools.pairwise(BANDS)]
        for name, cells in report.bands.items():
            # A share of fewer than ten pairs says nothing.
            points = [(x, share) for x, (size, share) in zip(middles, cells, strict=True) if size >= 10]
            bold: dict[str, Any] = {"color": "black", "linewidth": 3} if name == "all tasks" else {"linewidth": 1.2}
            if points:
                axes.plot(*zip(*points, strict=True), marker="o", label=name, **bold)
        axes.set(xlabel="score of phonosearch", ylabel="share of matches", ylim=(0, 1.02), xlim=(0, 1000))
        axes.grid(alpha=0.3)
        axes.legend()
        save(figure, "calibration")
    if rows := report.figures.get("origins"):
        rows = sorted((row for row in rows if row["origin"] != "all"), key=lambda row: row["first four"])
        figure, axes = pyplot.subplots(figsize=(8, 0.34 * len(rows) + 1))
        for kind, mark in zip(ERRORS, "osD^v", strict=True):
            axes.plot([row[kind] for row in rows], [row["origin"] for row in rows], mark, label=kind, alpha=0.8)
        axes.set(xlabel="recall at 20, level close", xlim=(0, 1.02))
        axes.grid(alpha=0.3)
        axes.legend(loc="upper left")
        save(figure, "origins")
    return made


def seen() -> list[Row]:
    """For each source of data, the tables of phonosearch that say in their heads that they were made from it."""
    heads = {}
    for file in sorted((resources.files("phonosearch") / "data").iterdir(), key=lambda file: file.name):
        if file.name.endswith((".tsv", ".toml")):
            lines = file.read_text(encoding="utf-8").splitlines()
            heads[file.name] = "\n".join(line for line in lines if line.startswith("#")).casefold()
    rows: list[Row] = []
    for source, word, used in SOURCES:
        tables = ", ".join(name for name, head in heads.items() if word in head)
        rows.append({"data": source, "tasks": used, "tables of phonosearch made from it": tables or "none"})
    return rows


def machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    return f"{model}, {platform.system()}, Python {platform.python_version()}"


def versions(packages: Path) -> str:
    """Versions, also of packages that are only data."""
    places = [*(str(packages / name) for name in ("data", "nomenklatura")), *sys.path]
    found = []
    for name in PACKAGES:
        known = next(iter(importlib.metadata.distributions(name=name, path=places)), None)
        found.append(f"{name} {known.version if known else 'absent'}")
    return ", ".join(found)


def write(report: Report, folder: Path, packages: Path, seed: int, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{datetime.date.today().isoformat()}-accuracy"
    plots = [f"![{name}]({name})" for name in plot(report, stem)]
    head = [
        "# Accuracy",
        f"phonosearch {ps.__version__}, rules {ps.PersonIndex.build([]).rules}; seed {seed}; `make accuracy`; "
        f"{seconds:.0f} s.",
        f"{machine()}. {versions(packages)}.",
        "Peers are given the names as phonosearch normalises and transliterates them, so that only the comparison "
        "differs; nomenklatura reads them itself. It ships the name groups that `arabic` and `russian` are made of, "
        "so its figures there are no comparison.",
    ]
    text = "\n\n".join([*head, *report.sections, *plots]) + "\n"
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    head = ["# Accuracy: the worst cases", "Of each task, by phonosearch. All names are public data or invented."]
    stem.with_name(f"{stem.name}-worst.md").write_text("\n\n".join([*head, *report.worst]) + "\n", encoding="utf-8")
    print(f"\nwritten: {stem.name}.md, {stem.name}-worst.md and {len(plots)} plots")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = ["all", "pairs", "search", "levels", "origins", *PAIR_TASKS, *SEARCH_TASKS]
    parser.add_argument("--task", default="all", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="samples, in less than a minute")
    parser.add_argument("--no-peers", action="store_true", help="phonosearch alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data", metavar="FOLDER")
    parser.add_argument("--packages", type=Path, default=ROOT / ".accuracy", metavar="FOLDER")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="write the report and its plots there")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    quick, seed, task = arguments.quick, arguments.seed, arguments.task
    # Last, so that what the environment holds is not hidden by another version of it.
    sys.path.append(str(arguments.packages / "matplotlib"))
    places = Places(arguments.shared, arguments.packages / "data")
    others = [] if arguments.no_peers else list(peers(arguments.packages))
    if quick:
        others = [peer for peer in others if peer.most is None]
    start = time.perf_counter()
    report = Report()

    def chosen(kind: str, makers: dict[str, Any]) -> dict[str, Any]:
        return {name: make for name, make in makers.items() if task in ("all", kind, name)}

    run_pairs(report, available(chosen("pairs", PAIR_TASKS), places, 1000 if quick else None, seed), others, seed)
    searches = available(chosen("search", SEARCH_TASKS), places, 150 if quick else 1000, seed)
    run_search(report, searches, others[:1] if quick else others, seed)
    if task in ("all", "levels"):
        count = 30 if quick else 300
        makers = {"febrl4": SEARCH_TASKS["febrl4"]}
        run_levels(
            report, [*available(makers, places, count, seed), crowd_task(20_000 if quick else 100_000, count, seed)]
        )
    if task in ("all", "origins"):
        sizes = (10_000, 20) if quick else (50_000, 60)
        run_origins(report, origin_task(places, *sizes, seed), others, seed)
    seconds = time.perf_counter() - start
    print(f"\n{seconds:.1f} s")
    report.add(
        "What the rules have seen",
        "Tables that say in their heads that they were made from data that are also measured here. Such figures are no "
        "forecast of how names do that nobody has seen; those of `full` come nearest. What is heard by "
        "origin was written down before any rule for it; the spelling rules of orthographies.tsv, and the Scottish "
        "and Welsh spellings of surnames.tsv, were written after its misses had been read, not from its pairs. Some "
        "recorded spellings are among what is heard (Cahoon, Mingis).",
        seen(),
        "seen",
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(report.figures, indent=1) + "\n", encoding="utf-8")
    if arguments.results:
        write(report, arguments.results, arguments.packages, seed, seconds)


if __name__ == "__main__":
    main()
