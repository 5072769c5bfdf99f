"""What an index takes: bytes a person by section of the file, and the peak of memory to build, save and open it.

    python benchmarks/memory_budget.py [--people 1000000 10000000] [--names 1] [--threads 1] [--output FILE]

Each size is built, saved, opened and searched in processes of their own, whose peaks of resident memory are read. The
people are those of ``people_stream``, made once and kept in the cache; ``--names 2`` gives each of them a second name.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import phonosearch as ps
from measuring import peak_memory
from people import COMMON, people_stream, people_tables

GROUPS = {
    "forms": ("class_start", "form_part", "long_start"),
    "people of the forms": ("owner_start", "owner", "several_start", "several_person", "several_form"),
    "postings": ("last_start", "posting_start", "posting_form"),
    "deletion neighbourhood": ("deletion_start", "deletion_part"),
    "identifiers": ("person_id", "person_id_start"),
    "dates of birth, sex": ("dob", "dob_several_start", "dob_several"),
    "places": ("place", "place_several_start", "place_several", "place_town", "place_town_start"),
    "kinds of names": ("name_start", "name_kind"),
    "names as given": ("name_text", "name_text_start"),
}
"""The other sections are of the parts and their codes."""


def build(path: str, people: int, names: int, threads: int, display: bool) -> dict[str, Any]:
    """Build and save an index; what it took."""
    before, started, used = peak_memory(), time.perf_counter(), time.process_time()
    index = ps.PersonIndex.build(people_stream(people, names), display_names=display, threads=threads)
    seconds, processor, built = time.perf_counter() - started, time.process_time() - used, peak_memory()
    started = time.perf_counter()
    index.save(path)
    return {
        "people": len(index),
        "names": index.report.names,
        "seconds": seconds,
        "processor": processor,
        "before": before,
        "built": built,
        "saving": time.perf_counter() - started,
        "saved": peak_memory(),
        "sections": {name: values.nbytes for name, values in index._arrays.items()},
        "file": Path(path).stat().st_size,
    }


def first_answer(path: str) -> float:
    started = time.perf_counter()
    ps.PersonIndex.open(path).search("Stephen Smyth")
    return time.perf_counter() - started


def search(path: str) -> dict[str, Any]:
    """Open a saved index and search it; what it took."""
    before = peak_memory()
    new = first_answer(path)
    again = []
    for _ in range(5):
        gc.collect()
        again.append(first_answer(path))
    index = ps.PersonIndex.open(path)
    totals = sum(index.search(name, level=level).total for name in COMMON[:5] for level in ("close", "wide"))
    return {"new": new, "again": min(again), "before": before, "searched": peak_memory(), "totals": totals}


def in_a_process(*arguments: str) -> dict[str, Any]:
    run = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def measure(people: int, names: int, threads: int, display: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "index")
        built = in_a_process("--child-build", path, str(people), str(names), str(threads), str(int(display)))
        return built | {"search": in_a_process("--child-search", path)}


def report(columns: list[dict[str, Any]], threads: int) -> str:
    """The tables, in Markdown."""
    grouped = {name: group for group, names in GROUPS.items() for name in names}
    rows: dict[str, list[float]] = {group: [0.0] * len(columns) for group in (*GROUPS, "parts and their codes")}
    for at, column in enumerate(columns):
        for name, size in column["sections"].items():
            rows[grouped.get(name, "parts and their codes")][at] += size / column["people"]
    lines = [
        f"{os.cpu_count()} processors of {platform.machine()}, Python {platform.python_version()}; threads: {threads}.",
        "",
        "| bytes a person | " + " | ".join(f"{c['people']:,} people, {c['names']:,} names" for c in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for group, values in sorted(rows.items(), key=lambda row: -row[1][0]):
        if any(values):
            lines.append(f"| {group} | " + " | ".join(f"{value:.1f}" for value in values) + " |")
    for title, values in (
        ("**file**", [f"**{c['file'] / c['people']:.1f}**" for c in columns]),
        ("build, s (processor, s)", [f"{c['seconds']:.1f} ({c['processor']:.1f})" for c in columns]),
        ("people a second of processor", [f"{c['people'] / c['processor']:,.0f}" for c in columns]),
        ("peak of building, MiB", [f"{c['built'] / 2**20:,.0f}" for c in columns]),
        ("peak of saving, MiB", [f"{c['saved'] / 2**20:,.0f}" for c in columns]),
        ("save, s", [f"{c['saving']:.1f}" for c in columns]),
        ("open to first answer, new process, ms", [f"{1e3 * c['search']['new']:.1f}" for c in columns]),
        ("open to first answer, again, ms", [f"{1e3 * c['search']['again']:.1f}" for c in columns]),
        ("peak of searching, mapped file included, MiB", [f"{c['search']['searched'] / 2**20:,.0f}" for c in columns]),
    ):
        lines.append(f"| {title} | " + " | ".join(values) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    if sys.argv[1:2] == ["--child-build"]:
        path, people, names, threads, display = sys.argv[2:]
        print(json.dumps(build(path, int(people), int(names), int(threads), display == "1")))
        return
    if sys.argv[1:2] == ["--child-search"]:
        print(json.dumps(search(sys.argv[2])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--names", type=int, nargs="+", default=[1], choices=[1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--display", action="store_true", help="keep the names as given")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    for _ in people_tables(max(options.people)):
        pass  # made now, so that no process that is measured makes them
    columns = [
        measure(people, names, options.threads, options.display) for names in options.names for people in options.people
    ]
    text = report(columns, options.threads)
    print(text, end="")
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
