"""Writes the generated tables of ``src/phonosearch/data``; run it to refresh them, then raise the rules version.

    python tools/make_tables.py

Needs phonosearch itself, the packages ``nicknames`` and ``rigour==1.3.0`` (the last without its dependencies will do)
and Python 3.11, whose Unicode version (14.0) is the oldest that phonosearch supports. The tables that are compiled by
hand (diminutives, equivalents, spellings, surnames) are read, not written.
"""

import csv
import re
import sys
import unicodedata
from collections import defaultdict
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from phonosearch._normalise import cut, fold

# Links of the source that name two different people to a reader of English, among them a man's and a woman's name.
EXCLUDED = {
    ("aron", "erin"), ("emil", "emily"),
    ("johannes", "jonathan"), ("floyd", "lloyd"), ("lloyd", "floyd"), ("alexandria", "alexander"),
    ("antonia", "anthony"), ("billie", "robert"), ("billie", "william"), ("charles", "charlotte"), ("john", "joan"),
    ("charlotte", "charles"), ("clementine", "clement"), ("daniel", "danielle"), ("daniel", "daniella"),
    ("emmanuel", "emma"), ("evangeline", "evan"), ("felicia", "felix"), ("frances", "francis"), ("francis", "frances"),
    ("gabriel", "gabriella"), ("gabriel", "gabrielle"), ("jesse", "jane"), ("jesse", "janet"), ("corey", "coco"),
    ("cory", "coco"), ("john", "janice"), ("john", "joanne"), ("louis", "louise"), ("louise", "louis"),
    ("martina", "martin"), ("michael", "michelle"), ("michelle", "michael"), ("nicholas", "nicola"), ("junior", "june"),
    ("pauline", "paul"), ("paula", "paul"), ("simon", "simone"), ("emily", "emma"), ("emeline", "emily"),
    ("emeline", "emma"), ("helena", "aileen"), ("helena", "eileen"), ("helena", "elaine"), ("helen", "eileen"),
    ("helen", "aileen"), ("helen", "elaine"), ("georgina", "george"), ("georgia", "george"), ("georgiana", "george"),
    ("robert", "bill"), ("robert", "billy"), ("robert", "rupert"), ("bill", "robert"), ("billy", "fred"),
    ("jonathan", "john"), ("johnathan", "john"), ("johnathon", "john"), ("jonathon", "john"), ("nathan", "john"),
    ("andrew", "randy"), ("aaron", "erin"), ("demaris", "mary"), ("marietta", "polly"),
}  # fmt: skip

DATA = Path(__file__).parents[1] / "src" / "phonosearch" / "data"


def nicknames() -> None:
    groups: dict[str, set[str]] = defaultdict(set)
    with (files("nicknames") / "names.csv").open(encoding="utf-8") as source:
        for row in csv.DictReader(source):
            if row["relationship"] == "has_nickname":
                formal, short = row["name1"].strip().lower(), row["name2"].strip().lower()
                if all(word.isascii() and word.isalpha() and len(word) > 1 for word in (formal, short)) and (
                    (formal, short) not in EXCLUDED
                ):
                    groups[formal].add(short)
    lines = [
        f"# Diminutives of English given names: the formal name, then its short forms. {len(groups)} groups.",
        "# Columns: language, source, a name, its other forms: words as normalised, a-z.",
        f"# Source nicknames: PyPI nicknames {version('nicknames')} (carltonnorthern/nicknames), Apache-2.0.",
        *("\t".join(["en", "nicknames", formal, *sorted(groups[formal])]) for formal in sorted(groups)),
    ]
    (DATA / "nicknames.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


# Cyrillic given names, diminutives and frequent family names; their romanisations follow from the systems below.
RUSSIAN = """
Авдотья Агафья Аглая Агния Аделина Аида Айгуль Аксинья Акулина Алевтина Александр Александра Алексей Алеся Алёна Алёша
Алик Алина Алиса Алишер Алла Альберт Альбина Альфия Анастасия Анатолий Ангелина Андрей Анжела Анжелика Анисья Анна
Антон Антонина Анфиса Арина Аркадий Арсен Арсений Артём Артемий Артур Архип Аслан Ася Афанасий Ахмед Аня Алёшка Богдан
Борис Боря Бронислав Булат Вадим Валентин Валентина Валера Валерий Валерия Валя Ваня Варвара Варя Василий Василиса
Вася Вениамин Вера Вероника Виктор Виктория Виталий Виталик Витя Владимир Владислав Владлен Влада Вова Володя Всеволод
Вячеслав Гавриил Галина Галя Геннадий Георгий Герман Глафира Глеб Гоша Григорий Гриша Гульнара Давид Дамир Дана Даниил
Данила Данил Дарья Даша Демьян Денис Диана Дима Дина Динара Динар Дмитрий Евгений Евгения Евдокия Егор Екатерина Елена
Елизавета Елисей Ефим Ефросинья Жанна Женя Захар Зинаида Злата Зоя Иван Игнат Игнатий Игорь Изольда Илларион Илья
Инесса Инна Иннокентий Иосиф Ипполит Ирина Ираида Ия Камилла Карина Катя Катерина Ким Кира Кирилл Клавдия Клим Климент
Коля Константин Костя Кристина Ксения Ксюша Кузьма Лада Лариса Лев Лена Леонид Леонтий Лёня Лёша Лида Лидия Лилия Лиза
Лука Любовь Люба Людмила Люда Люся Макар Максим Максимилиан Марат Маргарита Марианна Марина Мария Марк Марфа Марта
Марьям Матвей Маша Мефодий Милана Мирон Мирослав Мирослава Митя Михаил Миша Муса Надежда Надя Назар Наташа Наталья
Наталия Настя Натан Нелли Никита Никифор Николай Нина Нонна Нурия Оксана Олег Олеся Ольга Оля Осип Оскар Павел Паша
Пелагея Пётр Петя Платон Полина Прасковья Прохор Рада Раиса Рамазан Рамзан Рамиль Расул Ренат Рената Ринат Римма
Родион Роза Роман Ростислав Рудольф Руслан Рустам Рустем Савва Савелий Самуил Саша Светлана Света Святослав Севастьян
Семён Серафим Серафима Сергей Серёжа Соня Софья София Спартак Станислав Степан Стас Слава Стёпа Сусанна Таисия Тамара
Тамерлан Тарас Татьяна Таня Терентий Тимофей Тимур Тихон Тоня Трофим Ульяна Устинья Фаина Фарид Феликс Фёдор Федя
Фёкла Филипп Фома Фрол Харитон Христина Цветана Чингиз Шамиль Шура Эвелина Эдгар Эдуард Элеонора Элина Эльвира Эльдар
Эльза Эмилия Эмиль Эмма Эрик Эрнест Юлиан Юлия Юля Юра Юрий Юсуф Ян Яна Яков Ярослав Ярослава Яша Ахмад Алихан Аскар
Бахтияр Бекзат Зарина Зухра Хасан Хусейн Ислам Исмаил Ибрагим Магомед Мурад Тимурлан Жасур Дильшод Шухрат Хуршид
Чулпан Ойбек Нурлан Ерлан Жанар Айжан Айнур Гульмира Назгуль Бауыржан
"""
RUSSIAN_FAMILY = """
Авдеев Агафонов Аксёнов Александров Алексеев Андреев Анисимов Антонов Артемьев Архипов Афанасьев Баранов Белов Беляев
Блинов Бобров Богданов Большаков Борисов Брежнев Бурмистров Быков Васильев Власов Волков Волошин Воробьёв Воронов
Воронцов Гаврилов Галкин Герасимов Голубев Горбачёв Горбунов Гордеев Горшков Громов Григорьев Грибоедов Гришин Гурьев
Гусев Давыдов Данилов Денисов Дементьев Дмитриев Дорофеев Достоевский Дьячков Евдокимов Евсеев Егоров Ежов Елисеев
Емельянов Ермаков Ершов Ефимов Ефремов Жданов Жуков Журавлёв Зайцев Захаров Зимин Зиновьев Зубков Зыков Зюганов Иванов
Игнатьев Ильин Исаев Казаков Калашников Калинин Капустин Карпов Кириллов Киселёв Князев Ковалёв Козлов Колесников
Комаров Кондратьев Коновалов Константинов Копылов Королёв Котов Кошелев Кравцов Крылов Крюков Кудрявцев Кудряшов
Кузнецов Кузьмин Куликов Лазарев Лаврентьев Лебедев Лермонтов Лихачёв Логинов Лукин Лыткин Макаров Максимов Малышев
Мамонтов Марков Мартынов Маслов Матвеев Медведев Мельников Меркушев Миронов Михайлов Михеев Морозов Муравьёв Мухин
Мясников Назаров Наумов Некрасов Нестеров Никитин Никифоров Николаев Никонов Новиков Носков Овчинников Одинцов Орехов
Орлов Осипов Павлов Панов Панфилов Пестов Петров Пономарёв Попов Потапов Прохоров Путин Пушкин Рогов Родионов Рожков
Романов Рыбаков Рыжов Рябов Савельев Савин Сафонов Селезнёв Семёнов Сергеев Сидоров Ситников Соболев Соколов Соловьёв
Сорокин Степанов Стрелков Субботин Суворов Суханов Сысоев Тарасов Терентьев Тетерин Тимофеев Титов Тихонов Толстой
Третьяков Трофимов Туров Уваров Устинов Ушаков Фадеев Фёдоров Федосеев Федотов Филатов Филиппов Фокин Фомин Фролов
Харитонов Хохлов Хрущёв Цветков Чайковский Чернов Черных Чернышёв Чехов Чистяков Шаповалов Шарапов Шашков Швецов
Шевчук Шевченко Шестаков Шилов Широков Шубин Шульц Щербаков Щукин Юдин Яковлев Якушев Ельцин Зеленский Лукашенко
Ющенко Ткаченко Бондаренко Коваленко Кравченко Бойко Мельничук Коваль Полищук Ткачук Марченко Лысенко Руденко Савченко
Петренко Гончаренко Харченко Яценюк Тимошенко Янукович Горький Маяковский Чуковский Троцкий Каменский Покровский
Вишневский Островский Рождественский Жириновский Ходорковский Березовский Тарковский Дзержинский Вознесенский
Стравинский Шостакович Рахманинов
"""
UKRAINIAN = """
Андрій Анатолій Анастасія Анна Артем Богдан Борис Вадим Валентина Валерій Валерія Василь Віктор Вікторія Віталій
Володимир Вячеслав Ганна Галина Геннадій Григорій Дарина Данило Денис Дмитро Євген Євгенія Євдокія Зоряна Ігор Ілля
Ірина Іван Йосип Катерина Костянтин Ксенія Леонід Лідія Леся Лариса Людмила Любов Максим Марія Микита Микола Михайло
Надія Назар Наталія Олег Олександр Олександра Олексій Олена Олеся Ольга Оксана Остап Павло Петро Поліна Роман
Ростислав Руслан Світлана Святослав Сергій Соломія Софія Станіслав Степан Тарас Тетяна Тимофій Федір Христина Юлія
Юрій Яна Ярина Ярослав Ярослава
"""
LETTERS = dict(zip(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
    "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch . y . e yu ya i yi ye g".replace(".", "'").split(),
    strict=True,
))  # fmt: skip
# Each system: letters, then rewriting of the romanised word; the plain letters are BGN without marks.
SYSTEMS: tuple[tuple[dict[str, str], tuple[tuple[str, str], ...]], ...] = (
    ({}, ()),
    ({"ё": "e"}, (("iy$", "y"), ("yy$", "y"), ("iya$", "ia"), ("'ya", "ia"))),
    ({"ё": "e", "ю": "iu", "я": "ia", "й": "i"}, (("ii$", "i"),)),
    ({"ё": "e", "ю": "iu", "я": "ia", "й": "i"}, ()),
    ({"х": "h", "ё": "e"}, (("ks", "x"), ("iy$", "i"))),
    ({"е": "^ye", "ё": "yo"}, (("iy$", "y"),)),
    ({"е": "^ye", "ё": "yo"}, (("iya$", "ia"), ("'ya", "ia"), ("iy$", "i"))),
    # scholarly, without its marks
    ({"ж": "z", "х": "ch", "ц": "c", "ч": "c", "ш": "s", "щ": "sc", "ю": "ju", "я": "ja", "й": "j", "ё": "e"}, ()),
    ({"ж": "z", "х": "h", "ц": "c", "ч": "c", "ш": "s", "щ": "s", "ю": "ju", "я": "ja", "й": "j", "ё": "jo"},
     (("ij$", "ii"),)),
    # German, French, Polish
    ({"в": "w", "ж": "sch", "з": "s", "х": "ch", "ц": "z", "ч": "tsch", "ш": "sch", "щ": "schtsch", "ю": "ju",
      "я": "ja", "й": "i", "ё": "jo", "е": "^je"}, (("ii$", "i"), ("ks", "x"), ("(?<=[aeiou])s(?=[aeiou])", "ss"))),
    ({"в": "w", "ж": "sch", "з": "s", "х": "ch", "ц": "z", "ч": "tsch", "ш": "sch", "щ": "schtsch", "ю": "ju",
      "я": "ja", "й": "j", "ё": "jo", "е": "e"}, ()),
    ({"ж": "j", "ч": "tch", "ш": "ch", "щ": "chtch", "у": "ou", "ю": "iou", "я": "ia", "й": "i", "ё": "io",
      "е": "^ie"}, (("ii$", "i"), ("g(?=[ei])", "gu"), ("in$", "ine"), ("(?<=[aeiou])s(?=[aeiou])", "ss"))),
    ({"в": "w", "ж": "z", "х": "ch", "ц": "c", "ч": "cz", "ш": "sz", "щ": "szcz", "ю": "ju", "я": "ja", "й": "j",
      "ё": "jo", "е": "^je"}, (("(?<=[nlt])'", "i"), ("ia", "ja"))),
)  # fmt: skip
UKRAINIAN_SYSTEMS: tuple[tuple[dict[str, str], tuple[tuple[str, str], ...]], ...] = (
    ({"г": "h", "и": "y", "й": "i", "ю": "iu", "я": "^ia", "є": "^ie", "ї": "^i"}, ()),
    ({"г": "h", "и": "y", "й": "y"}, (("iy$", "iy"),)),
    ({"г": "h", "и": "y", "й": "y"}, (("iy$", "y"), ("iya$", "ia"))),
    ({"г": "h", "и": "y", "й": "j", "ю": "ju", "я": "ja", "є": "je", "ї": "ji", "х": "ch", "ж": "z", "ц": "c",
      "ч": "c", "ш": "s"}, ()),
    ({"г": "h", "и": "y", "в": "w", "й": "j", "ю": "ju", "я": "ja", "є": "je", "х": "ch", "ц": "z", "ч": "tsch",
      "ш": "sch", "ж": "sch"}, ()),
)  # fmt: skip
LONGEST = 13  # letters of a word that the kernel packs
FOREIGN = re.compile(r"[xvp]|ck|sch|cz|tz|c[aoukl]|ow$|sk[iy]$|man|er$|berg|son$|love|z$")  # no Arabic name, or by hand
ARABIC = re.compile(r"[\u0600-\u06ff]+")
# Single letters of a consonant skeleton that romanisations write for one another.
SKELETON: tuple[tuple[str, Any], ...] = (
    ("sch|sh|ch", "X"), ("kh|gh|ph|th|dh", lambda m: m[0][0]), ("dj|dz|g|j", "j"), ("c|q", "k"), ("w|ou", "v"),
    ("z", "s"), ("f", "v"), ("p", "b"), ("d", "t"), ("[aeiouyh]", ""),
)  # fmt: skip


def normalised(word: str) -> str | None:
    """The one part that phonosearch makes of a word, if the kernel can pack it."""
    found, _ = cut(fold(word))
    return found[0] if len(found) == 1 and 3 <= len(found[0]) <= LONGEST else None


def romanised(name: str, systems: tuple[tuple[dict[str, str], tuple[tuple[str, str], ...]], ...]) -> list[str]:
    """A Cyrillic name in every system; ``^`` marks what stands only at the beginning or after a vowel."""
    found: dict[str, None] = {}
    for letters, rewriting in systems:
        word = ""
        for at, letter in enumerate(name.lower()):
            text = letters.get(letter, LETTERS[letter])
            if text.startswith("^"):
                begins = at == 0 or name[at - 1].lower() in "аеёиоуыэюяьъіїє"
                text = text[1:] if begins else LETTERS[letter][-1] if letter in "єяї" else "e"
                if letter == "я" and not begins:
                    text = "ia"
            if letter == "ё" and len(text) > 1 and at and name[at - 1].lower() in "жчшщ":
                text = "o"
            word += text
        for old, new in rewriting:
            word = re.sub(old, new, word)
        word = word.replace("'", "")
        if 2 <= len(word) <= LONGEST:
            found[word] = None
    if own := normalised(name):
        found[own] = None
    return list(found)


def skeleton(word: str) -> str:
    for old, new in SKELETON:
        word = re.sub(old, new, word)
    return word[:1] + "".join(b for a, b in pairwise(word) if a != b)


def table(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def mined(known: list[set[str]], western: set[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Groups of Wikidata whose Latin members romanise one Arabic name; and native forms of rows compiled by hand.

    Kept: a group with one Arabic spelling (vowel marks aside) ; of it the Latin words whose
    consonants agree with the Arabic ones and that stand in few groups. A group with a Western given name is left out:
    Arabic letters spell that name, they are not its origin. So are native forms of three letters: many share them.
    """
    groups = []
    seen: dict[str, int] = defaultdict(int)
    for line in (files("rigour") / "data" / "names" / "persons.txt").read_text(encoding="utf-8").splitlines():
        names = line.split(" => ")[0].split(", ")
        latin = {word for name in names if name[0] < "\u0250" and (word := normalised(name))}
        native = {word for name in names if ARABIC.fullmatch(name) and (word := normalised(name))}
        scripts = len({unicodedata.name(name[0], "?").split()[0] for name in names})
        for word in latin:
            seen[word] += 1
        if latin and native:
            groups.append((scripts, latin, native))
    by_hand: dict[int, set[str]] = defaultdict(set)
    new: dict[frozenset[str], None] = {}
    for scripts, latin, native in groups:
        bones = {skeleton(word) for word in native}
        good = {word for word in latin if skeleton(word) in bones and seen[word] <= 4}
        for number, row in enumerate(known):
            if len(row & latin) >= max(2, len(row) // 4):
                bones_here = {skeleton(word) for word in row & latin}
                by_hand[number] |= {word for word in native if len(word) > 3 and skeleton(word) in bones_here}
        good -= {word + "a" for word in good}  # a woman's family name is another word
        if (
            scripts >= 3
            and len(good) >= 2
            and not latin & western
            and not any(map(FOREIGN.search, latin))
            and len(bones) == 1
            and not any(len(good & row) > 1 for row in known)
        ):
            new[frozenset(good | {word for word in native if len(word) > 3})] = None
    extra = [
        [*sorted(known[number]), *sorted(words - known[number])]
        for number, words in sorted(by_hand.items())
        if words - known[number]
    ]
    rows = [sorted(row) for row in new if not any(row < other for other in new)]
    return sorted(rows), extra


def romanisations() -> None:
    rows: list[list[str]] = []
    for language, names, systems in (("ru", RUSSIAN, SYSTEMS), ("uk", UKRAINIAN, UKRAINIAN_SYSTEMS)):
        rows += [
            [language, "romanised", *words] for name in names.split() if len(words := romanised(name, systems)) > 1
        ]
    for name in RUSSIAN_FAMILY.split():
        if len(words := romanised(name, SYSTEMS)) > 1:
            rows.append(["ru", "romanised", *words])
    compiled = [set(row[2:]) for row in table("spellings.tsv") if row[0] == "ar"]
    by_hand = ("nicknames.tsv", "diminutives.tsv", "equivalents.tsv", "spellings.tsv", "surnames.tsv")
    eastern = ("ar", "sa", "so", "tr", "fa", "wa")
    western = {word for name in by_hand for row in table(name) if row[0] not in eastern for word in row[2:]}
    western -= {word for row in compiled for word in row}
    found, extra = mined(compiled, western)
    rows += [["xx", "rigour", *row] for row in (*found, *extra)]
    lines = [
        f"# Romanisations of one name written in another script. {len(rows)} groups, by tools/make_tables.py.",
        "# Columns: language, source, a name, its other forms: words as normalised, a-z.",
        "# Source romanised: Cyrillic names by the usual systems, written for phonosearch; Apache-2.0. Source rigour:",
        f"# Wikidata name groups as in PyPI rigour {version('rigour')}, MIT, filtered; see NOTICE.",
        *("\t".join(row) for row in rows),
    ]
    (DATA / "romanisations.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def unassigned() -> None:
    if unicodedata.unidata_version != "14.0.0":
        sys.exit("run this with Python 3.11: the table states Unicode 14.0")
    ranges: list[list[int]] = []
    for code in range(0x110000):
        if unicodedata.category(chr(code)) == "Cn":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    lines = [
        "# Code points without a character in Unicode 14.0 (first, last; hexadecimal). They separate words, so that a",
        "# newer Unicode in a newer Python cannot change how a name is read. Source: unicodedata of Python 3.11.",
        *(f"{first:x}\t{last:x}" for first, last in ranges),
    ]
    (DATA / "unicode_unassigned.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    nicknames()
    romanisations()
    unassigned()
