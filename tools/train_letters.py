"""Learns the points of ``src/phonosearch/data/letters.tsv``; run it to refresh them, then raise the rules version.

    pip install scipy names==0.3.0 rigour==1.3.0
    python tools/train_letters.py --labelled FOLDER

``--labelled`` holds ``ancestry_given.dev.tsv``, ``ancestry_surname.dev.tsv`` and ``ancestry_border_surname.dev.tsv``
(name1, name2, label): pairs judged by people of Ancestry.com, published in tfmorris/Names, Apache-2.0. Beside them it
learns from spellings of one name in the groups of ``rigour`` (Wikidata, MIT) and from typing errors made in the names
of ``names`` (United States census of 1990, MIT), each against names that are near but others and against names at
random of much the same length, and from the diminutives that phonosearch itself holds, against those of other names.

The alignment is fixed (``phonosearch._letters``); a logistic regression with a penalty on squares over the facts of a
pair, and one constant a source, gives the points. Beside other parts of a name a slip is what is left to tell from
another name: a second regression, over the typing errors and the spellings alone, adds to the first what the facts say
there. Since a search must tell the name that was meant from all others at once, that regression also chooses (McFadden
1974, conditional logit): of names drawn as people bear them, the nearest and a sample of the rest, which one became
what was asked. Which of the two it was is not known, so ``_letters.evidence`` takes what says more; neither regression
knows of that. It prints the area under the ROC curve and the recall at 5 % false positives on the fifth of the first
names held out in turn, then writes what all the data teach.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from itertools import accumulate
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from phonosearch import osa_distance_many
from phonosearch._distance import osa_distance
from phonosearch._letters import facts
from phonosearch._normalise import normalise
from phonosearch._rules import rules

DATA = Path(__file__).parents[1] / "src" / "phonosearch" / "data"
LABELLED = ("ancestry_given.dev.tsv", "ancestry_surname.dev.tsv", "ancestry_border_surname.dev.tsv")
SOURCES = ("given", "surname", "border", "spelling", "typing", "diminutive")
WEIGHT = {"given": 2.0, "surname": 1.5, "border": 1.0, "spelling": 0.14, "typing": 0.11, "diminutive": 1.0}
BESIDE = {"spelling": 0.08, "typing": 0.2}
CHOICES = {"typing": 6_000, "spelling": 5_000}  # words that were asked, each among the names that it may stand for
SLIPS = (60, 30, 10)  # in a hundred of those that were mistyped: one, two, three
POOL = 3_000  # people whose names stand for choice ...
CHANGED = 40  # ... others after so many words
NEAREST, SAMPLED = 32, 12  # of the pool's names: the nearest by edits for the length, and of the others
LEFT = ("residue", "segment")
LEFT_BESIDE = 0.3  # of their points that count beside other parts: slips follow no rule of spelling
MADE = 36_000  # pairs of typing errors
MADE_SPELLINGS = 90_000  # pairs of spellings, whose groups of letters are many and rare: two of each group at most
MADE_SHORT = 6_000  # formal names with a short form
MADE_FEW = 6_000  # pairs of typing errors in names of up to five letters, each length as often as the others: they are
FEW = (2, 3, 4, 5)  # few, but to many people they belong
PENALTY = 1.0
PENALTY_BESIDE = 8.0  # on how far the points of a fact differ there
LEAST_LEFT = 15  # pairs in which the same is left of two words, before it has points of its own
FOLDS = 5
LEAST_SHARE = 0.0005  # of people, in hundredths, added to that of each name of the census
SECOND_SLIP = 0.05  # the chance of another, a letter
KEYBOARD = (("qwertyuiop", 0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))  # rows, and how far to the right each begins
CENTIBANS = 100 / math.log(10)
LACKING = ("gap", "lead", "trail")
MOST_LACKING = -5  # centibans of a letter that one word lacks: many of a rare one must not make a name


class Example(NamedTuple):
    """Two different words, whether they are one name, and where they come from."""

    one: str
    other: str
    same: bool
    source: str


def _word(name: str) -> str | None:
    parts = normalise(name)
    return parts[0] if len(parts) == 1 and parts[0].isalpha() and len(parts[0]) > 1 else None


def labelled(folder: Path) -> Iterator[Example]:
    """Pairs that people judged, without those that they were unsure of."""
    for source, file in zip(SOURCES, LABELLED, strict=False):
        with (folder / file).open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows, delimiter="\t"):
                one, other = _word(row["name1"]), _word(row["name2"])
                if row["label"] != "unsure" and one and other and one != other:
                    yield Example(one, other, row["label"] == "match", source)


class Choice(NamedTuple):
    """A word that was asked, the name that was meant, others that might be with the logarithms of how many people each
    stands for, and where it comes from."""

    asked: str
    meant: str
    others: dict[str, float]
    source: str


class Drawn:
    """Words to draw from, each by its weight."""

    def __init__(self, words: Iterable[str], weights: Iterable[float]) -> None:
        self.words, self.ends = list(words), list(accumulate(weights))

    def draw(self, rng: random.Random, count: int) -> list[str]:
        return rng.choices(self.words, cum_weights=self.ends, k=count)


class Names:
    """Words by their weights: all, those of a first letter, and those of about a length."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = weights
        self.all = Drawn(weights, weights.values())
        self.by_letter = self._by(lambda word: (word[0],))
        self.by_length = self._by(lambda word: range(len(word) - 1, len(word) + 2))
        self.of_length = self._by(lambda word: (len(word),))

    def _by(self, keys: Callable[[str], Iterable[Any]]) -> dict[Any, Drawn]:
        found: dict[Any, dict[str, float]] = defaultdict(dict)
        for word, weight in self.weights.items():
            for key in keys(word):
                found[key][word] = weight
        return {key: Drawn(words, words.values()) for key, words in found.items()}

    def near(self, word: str, rng: random.Random) -> str:
        """Of a sample, half of it with the same first letter, another word, the least distant for its length."""
        sample = self.all.draw(rng, 150) + self.by_letter[word[0]].draw(rng, 150)
        others = [other for other in sample if other != word]
        return min((osa_distance(word, other) / max(len(word), len(other)), other) for other in others)[1]


class Groups:
    """Spellings of one name in other languages and romanisations, and the names to set them against."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        with (files("rigour") / "data" / "names" / "persons.txt").open(encoding="utf-8") as lines:
            for line in lines:
                members = {_word(member) for member in line.split(" => ")[0].split(", ") if not _foreign(member)}
                words = sorted(word for word in members if word)
                if len(words) > 1:
                    self.groups.append(words)
        self.of_word = defaultdict[str, set[int]](set)
        for number, words in enumerate(self.groups):
            for word in words:
                self.of_word[word].add(number)
        self.names = Names(dict.fromkeys(sorted(self.of_word), 1))

    def pairs(self, rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
        """Two of each group; translations (John, Ivan) are left out."""
        for words in rng.sample(self.groups, min(count, len(self.groups))):
            one, other = rng.sample(words, 2)
            yield one, other if osa_distance(one, other) <= 0.5 * max(len(one), len(other)) else ""

    def apart(self, one: str, other: str) -> bool:
        return one != other and not self.of_word[one] & self.of_word[other]


def spellings(groups: Groups, rng: random.Random) -> Iterator[Example]:
    for one, other in groups.pairs(rng, MADE_SPELLINGS // 2):
        if other:
            yield Example(one, other, True, "spelling")
        for named in (groups.names.near(one, rng), *groups.names.by_length[len(one)].draw(rng, 1)):
            if groups.apart(one, named):
                yield Example(one, named, False, "spelling")


def _foreign(member: str) -> bool:
    return any(ord(letter) > 0x24F for letter in member)


def _keys_beside() -> dict[str, str]:
    """The keys that touch each key; a row begins further to the right than the one above it."""
    at = {key: (column + shift, row) for row, (keys, shift) in enumerate(KEYBOARD) for column, key in enumerate(keys)}
    return {
        key: "".join(k for k, (c, r) in at.items() if k != key and abs(c - column) <= 1 and abs(r - row) <= 1)
        for key, (column, row) in at.items()
    }


KEYS_BESIDE = _keys_beside()


def _mistype(word: str, rng: random.Random) -> str:
    """One slip: of the keyboard or, as often, of any other kind, with any letter."""
    place = rng.randrange(len(word))
    kind = rng.choice(("swap", "lose", "add", "double", "replace", "replace"))
    if kind == "swap" and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "lose" and len(word) > 2:
        return word[:place] + word[place + 1 :]
    if kind == "double":
        return word[:place] + word[place] + word[place:]
    letter = rng.choice(KEYS_BESIDE[word[place]] if rng.random() < 0.5 else "abcdefghijklmnopqrstuvwxyz")
    return word[:place] + letter + word[place + (kind != "add") :]


def census() -> Names:
    shares: dict[str, float] = defaultdict(lambda: LEAST_SHARE)
    for table in ("dist.all.last", "dist.female.first", "dist.male.first"):
        for line in (files("names") / table).read_text().splitlines():
            word = _word(line.split()[0])
            if word:
                shares[word] += float(line.split()[1])
    return Names(shares)


def typing(names: Names, rng: random.Random) -> Iterator[Example]:
    """Typing errors in census names, against census names that are near."""
    for word in names.all.draw(rng, MADE // 2):
        yield from _mistyped(word, (names.near(word, rng), *names.by_length[len(word)].draw(rng, 1)), rng)
    for length in FEW:
        alike = names.of_length[length]
        nearby = Names({word: names.weights[word] for word in names.by_length[length].words})
        for word in alike.draw(rng, MADE_FEW // len(FEW)):
            yield from _mistyped(word, (nearby.near(word, rng), *alike.draw(rng, 2)), rng)


def _mistyped(word: str, others: Iterable[str], rng: random.Random) -> Iterator[Example]:
    wrong = _mistype(word, rng)
    if rng.random() < SECOND_SLIP * len(word):
        wrong = _mistype(wrong, rng)
    if wrong != word:
        yield Example(word, wrong, True, "typing")
        for named in others:
            if named not in (word, wrong):
                yield Example(wrong, named, False, "typing")


def choices(names: Names, groups: Groups, rng: random.Random) -> Iterator[Choice]:
    """Words that were mistyped or spelt otherwise, each among other names."""
    for number in range(CHOICES["typing"]):
        if number % CHANGED == 0:
            pool = Counter(names.all.draw(rng, POOL))
        # Short names are few, but to many people they belong.
        drawn = names.of_length[rng.choice(FEW)] if number % 3 == 0 else names.all
        (word,) = drawn.draw(rng, 1)
        wrong = word
        for _ in range(rng.choices((1, 2, 3), SLIPS)[0]):
            wrong = _mistype(wrong, rng)
        if wrong != word and len(wrong) > 1:
            others = competitors(wrong, pool, rng)
            others.pop(word, None)
            yield Choice(wrong, word, others, "typing")
    for number, (one, other) in enumerate(groups.pairs(rng, CHOICES["spelling"])):
        if number % CHANGED == 0:
            pool = Counter(groups.names.all.draw(rng, POOL))
        if other:
            others = competitors(one, pool, rng)
            apart = {name: people for name, people in others.items() if groups.apart(one, name)}
            yield Choice(one, other, apart, "spelling")


def competitors(word: str, pool: Counter[str], rng: random.Random) -> dict[str, float]:
    """Of a pool the names nearest to a word, and a sample of the others that stands for all of these."""
    names = [name for name in pool if name != word]
    lengths = np.array([max(len(name), len(word)) for name in names])
    order = np.argsort(np.asarray(osa_distance_many(word, names)) / lengths, kind="stable")
    near, rest = ([names[at] for at in part] for part in (order[:NEAREST], order[NEAREST:]))
    people = [pool[name] for name in rest]
    each = math.log(sum(people) / SAMPLED)
    sampled = Counter(rng.choices(rest, people, k=SAMPLED))
    return {name: math.log(pool[name]) for name in near} | {name: each + math.log(n) for name, n in sampled.items()}


def diminutives(rng: random.Random) -> Iterator[Example]:
    """Given names and their diminutives as the tables of phonosearch hold them, against those of other names."""
    groups = rules().nicknames
    heads = [(group[0], short) for group in groups for short in group[1:]]
    related = {word: set().union(*(groups[g] for g in numbers)) for word, numbers in rules().nickname_groups.items()}
    for formal, short in rng.sample(heads, min(len(heads), MADE_SHORT)):
        yield Example(formal, short, True, "diminutive")
        for _ in range(2):
            other = rng.choice(heads)[1]
            if other not in related[formal] and other != formal:
                yield Example(formal, other, False, "diminutive")


def _facts(words: tuple[str, str]) -> list[tuple[str, str]]:
    return list(facts(*words))


class Chosen(NamedTuple):
    """Choices as numbers: a row for each name that may be chosen, first the one that was; log odds ``known`` before."""

    x: csr_matrix
    known: Any
    starts: Any

    def loss(self, theta: Any) -> tuple[float, Any]:
        """How improbable the choices are, by the softmax of what the names of each earn, and the gradient."""
        sizes = np.diff(self.starts, append=self.x.shape[0])
        earned = self.known + self.x @ theta
        most = np.maximum.reduceat(earned, self.starts)
        odds = np.exp(earned - np.repeat(most, sizes))
        whole = np.add.reduceat(odds, self.starts)
        share = odds / np.repeat(whole, sizes)
        share[self.starts] -= 1
        return (np.log(whole) + most - earned[self.starts]).sum(), self.x.T @ share


def fit(x: csr_matrix, y: Any, weight: Any, penalty: Any, known: Any = 0.0, chosen: Chosen | None = None) -> Any:
    """Weights of the logistic regression of least penalised loss, to be added to log odds already ``known``."""
    turned, sign = x.T.tocsr(), 2 * y - 1

    def loss(theta: Any) -> tuple[float, Any]:
        margin = sign * (known + x @ theta)
        value = (weight * np.logaddexp(0, -margin)).sum() + (penalty * theta**2).sum() / 2
        pull = weight * sign / (1 + np.exp(np.clip(margin, -60, 60)))
        slope = penalty * theta - turned @ pull
        if chosen:
            more, steeper = chosen.loss(theta)
            value, slope = value + more, slope + steeper
        return value, slope

    start = np.zeros(x.shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x


def roc(y: Any, score: Any) -> tuple[float, float]:
    """Area under the curve, and recall at a false-positive rate of 5 %."""
    order = np.sort(score[y == 0])
    below = np.searchsorted(order, score[y == 1], "left") + np.searchsorted(order, score[y == 1], "right")
    cut = order[len(order) - 1 - int(0.05 * len(order))]
    return below.mean() / 2 / len(order), (score[y == 1] > cut).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--labelled", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    groups, names_borne = Groups(), census()
    examples = [
        *labelled(options.labelled), *spellings(groups, rng), *typing(names_borne, rng), *diminutives(rng),
    ]  # fmt: skip
    asked = list(choices(names_borne, groups, rng))
    with Pool() as pool:
        found = pool.map(_facts, [example[:2] for example in examples], chunksize=500)
        among = [(choice.asked, name) for choice in asked for name in (choice.meant, *choice.others)]
        found_asked = pool.map(_facts, among, chunksize=500)
    times = Counter(fact for row in found for fact in row)
    names = sorted(fact for fact, count in times.items() if fact[0] not in LEFT or count >= LEAST_LEFT)
    column = {fact: number for number, fact in enumerate(names)}

    def matrix(rows: Iterable[list[tuple[str, str]]], sources: Iterable[str | None]) -> csr_matrix:
        indices, starts, values = list[int](), [0], list[float]()
        for row, source in zip(rows, sources, strict=False):
            counted = Counter(column[fact] for fact in row if fact in column)
            if source:
                counted[len(names) + SOURCES.index(source)] = 1
            indices += counted.keys()
            values += counted.values()
            starts.append(len(indices))
        shape = (len(starts) - 1, len(names) + len(SOURCES))
        return csr_matrix((np.array(values, float), indices, starts), shape=shape)

    x = matrix(found, [example.source for example in examples])
    y = np.array([example.same for example in examples], float)
    weight = np.array([WEIGHT[example.source] for example in examples])
    penalty = np.r_[np.full(len(names), PENALTY), np.full(len(SOURCES), 0.01)]
    fold = np.array([int(hashlib.sha256(e.one.encode()).hexdigest(), 16) % FOLDS for e in examples])
    source = np.array([example.source for example in examples])
    pair = [tuple(sorted(example[:2])) for example in examples]
    results = defaultdict(list)
    for number in range(FOLDS):
        held = {pair[at] for at in np.flatnonzero(fold == number)}
        train = np.array([fold[at] != number and pair[at] not in held for at in range(len(pair))])
        score = x[:, : len(names)] @ fit(x[train], y[train], weight[train], penalty)[: len(names)]
        for name in SOURCES:
            test = (fold == number) & (source == name)
            results[name].append(roc(y[test], score[test]))
    for name in SOURCES:
        auc, recall = np.mean(results[name], axis=0)
        print(f"{name:10} {sum(source == name):6} pairs  AUC {auc:.4f}  recall at 5 % {recall:.3f}")
    theta = fit(x, y, weight, penalty)
    score = np.round(x[:, : len(names)] @ theta[: len(names)] * CENTIBANS)
    for name in SOURCES:
        cuts = np.percentile(score[(source == name) & (y == 1)], (5, 25, 50, 75, 95)).astype(int)
        others = np.percentile(score[(source == name) & (y == 0)], (5, 25, 50, 75, 95)).astype(int)
        print(f"{name:10} centibans of matches {cuts}, of others {others}")
    left = np.array([table in LEFT for table, _ in names])
    columns = np.flatnonzero(~left)
    constants = range(len(names), len(names) + len(SOURCES))
    judged = np.flatnonzero([name in BESIDE for name in source])
    beside = theta[: len(names)] * np.where(left, LEFT_BESIDE, 1)
    z = matrix(found_asked, [None] * len(found_asked))
    people = np.concatenate([[0.0, *choice.others.values()] for choice in asked])
    starts = np.cumsum([0, *(1 + len(choice.others) for choice in asked[:-1])])
    added = fit(
        x[judged][:, [*columns, *constants]].tocsr(), y[judged], np.array([BESIDE[name] for name in source[judged]]),
        np.r_[np.full(len(columns), PENALTY_BESIDE), penalty[len(names) :]], x[judged, : len(names)] @ beside,
        Chosen(z[:, [*columns, *constants]].tocsr(), z[:, : len(names)] @ beside + people, starts),
    )  # fmt: skip
    beside[columns] += added[: len(columns)]
    score = np.round(x[:, : len(names)] @ beside * CENTIBANS)
    for name in SOURCES:
        auc, recall = roc(y[source == name], score[source == name])
        print(f"{name:10} beside other parts, fitted: AUC {auc:.4f}  recall at 5 % {recall:.3f}")
    earned = z[:, : len(names)] @ beside
    for name in CHOICES:
        first = [
            earned[at] > earned[at + 1 : at + 1 + len(choice.others)].max()
            for at, choice in zip(starts, asked, strict=True) if choice.source == name
        ]  # fmt: skip
        print(f"{name:10} {len(first):6} choices, fitted: the name meant before all others {np.mean(first):.3f}")
    if options.dry_run:
        return
    lines = [
        "# Of the facts about two words (phonosearch._letters): table, key, centibans alone, and beside other parts.",
        f"# Learned from {len(examples)} pairs: {', '.join(f'{n} {name}' for name, n in Counter(source).items())};",
        f"# and from {len(asked)} choices among names.",
        "# Sources: labels of Ancestry.com in tfmorris/Names (Apache-2.0), of which one half; groups of names in",
        f"# rigour {version('rigour')} (Wikidata, MIT); names {version('names')} (United States census of 1990, MIT).",
        f"# Written by: python tools/train_letters.py --labelled FOLDER --seed {options.seed}",
    ]
    for (table, key), *learned in zip(names, theta, beside, strict=False):
        points = [round(value * CENTIBANS) for value in learned]
        if table in LACKING:
            points = [min(value, MOST_LACKING) for value in points]
        if any(points):
            lines.append("\t".join((table, key, *map(str, points))))
    (DATA / "letters.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
