"""Writes ``src/phonosearch/data/respellings.tsv``: how common names of another spelling are written by English ears.

    python tools/make_respellings.py

Polish and Spanish are written as they sound, so that rules say what is heard: each name below is read from left to
right, the longest piece of the table of its language first, and written with what an English reader would say the same
by. Where English has two ways, both are written. A respelling that is itself a well-known name is left out: it says
nothing.

The names are common ones of each country, from general knowledge.
"""

from __future__ import annotations

from importlib.resources import files
from itertools import product
from pathlib import Path

from phonosearch._normalise import normalise
from phonosearch._rules import VARIANT_LETTERS

DATA = Path(__file__).parents[1] / "src" / "phonosearch" / "data"
MOST = 6  # respellings of one name

Pieces = dict[str, tuple[str, ...]]

# Pieces of a name and what stands for them; ^ before the name, $ after it.
POLISH: Pieces = {
    "szcz": ("shch",), "sz": ("sh",), "cz": ("ch",), "rz": ("zh",), "krz": ("ksh",), "prz": ("psh",), "trz": ("tsh",),
    "grz": ("gzh",), "ch": ("h",), "dź": ("j",), "dż": ("j",), "dzi": ("ji",), "dzia": ("ja",), "dzie": ("je",),
    "cia": ("cha",), "cie": ("che",), "cio": ("cho",), "ciu": ("chu",), "ci": ("chi",), "ć": ("ch",),
    "sia": ("sha",), "sie": ("she",), "sio": ("sho",), "siu": ("shu",), "ś": ("sh",), "śn": ("shn",),
    "zia": ("zha",), "zie": ("zhe",), "zio": ("zho",), "ź": ("zh",), "ż": ("zh",), "nie": ("ne",), "nia": ("nia",),
    "ń": ("n",), "c": ("ts",), "ck": ("tsk",), "j": ("y",), "y": ("i",), "ł": ("w", "l"), "ó": ("u",),
    "ą": ("on",), "ąb": ("omb",), "ąbr": ("ombr",), "ę": ("en",), "ęb": ("emb",), "ęp": ("emp",), "w": ("v",),
    "wski$": ("vski", "vsky", "fski", "fsky"), "wska$": ("vska", "fska"), "ski$": ("ski", "sky"),
    "cki$": ("tski", "tsky"),
    "w$": ("v", "f"), "rz$": ("sh",), "ż$": ("sh",), "wicz$": ("vich",), "yk$": ("ik",), "ch$": ("h", "k"),
}  # fmt: skip
SPANISH: Pieces = {
    "j": ("h",), "ge": ("he",), "gi": ("hi",), "gue": ("ge",), "gui": ("gi",), "^gua": ("wa",), "qu": ("k",),
    "z": ("s",), "ce": ("se",), "ci": ("si",), "ll": ("y",), "ñ": ("ny",), "h": ("",), "^h": ("", "h"), "ch": ("ch",),
    "v": ("v", "b"), "x": ("h",), "rr": ("rr", "r"), "z$": ("s",), "ez$": ("es",),
}  # fmt: skip

NAMES = {
    "pl": (
        POLISH,
        """
        Agnieszka Andrzej Anna Arkadiusz Aleksandra Barbara Bartłomiej Bartosz Beata Bogdan Bogusław Bożena Cezary
        Czesław Dariusz Dorota Elżbieta Ewa Ewelina Franciszek Grażyna Grzegorz Halina Iwona Jacek Jadwiga Jakub
        Janusz Jarosław Jerzy Joanna Józef Justyna Karolina Katarzyna Kazimierz Krystyna Krzysztof Lech Leszek
        Łukasz Maciej Magdalena Małgorzata Marcin Marek Mariusz Mateusz Michał Mieczysław Mirosław Monika Paweł
        Piotr Przemysław Radosław Rafał Ryszard Sławomir Stanisław Szymon Tadeusz Tomasz Urszula Wacław Waldemar
        Wiesław Wiesława Wiktoria Wioletta Władysław Włodzimierz Wojciech Zbigniew Zdzisław Zenon Zofia Zuzanna
        Zygmunt Żaneta Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak
        Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Wojciechowski Krawczyk Kaczmarek Piotrowski Grabowski Zając
        Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski
        Jaworski Adamczyk Dudek Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk
        Ostrowski Tomaszewski Pietrzak Zalewski Wróblewski Marciniak Jasiński Zawadzki Bąk Jakubowski Sadowski Duda
        Włodarczyk Wilk Chmielewski Borkowski Sokołowski Szczepański Sawicki Kucharski Lis Maciejewski Kubiak
        Kalinowski Mazurek Wysocki Kołodziej Kaźmierczak Czarnecki Konieczny Sobczak Głowacki Urban Zakrzewski
        Wasilewski Krajewski Laskowski Sikorski Ziółkowski Gajewski Mróz Szulc Makowski Brzeziński Przybylski
        Baranowski Kaczmarczyk Borowski Błaszczyk Adamski Górecki Szczepaniak Leszczyński Cieślak Czerwiński
        Andrzejewski Kozak Wawrzyniak Jaskólski Gołębiewski Kasprzak Zięba Wójtowicz Markiewicz Stankiewicz
        Mackiewicz Sienkiewicz Mickiewicz Bartkiewicz Jankiewicz Szymczak Janowicz Lewicki
        """,
    ),
    "es": (
        SPANISH,
        """
        Alejandro Alejandra Ángel Beatriz Begoña Cecilia César Concepción Cruz Encarnación Enrique Esperanza Félix
        Francisca Francisco Gerardo Gonzalo Guadalupe Guillermo Héctor Hernán Hilario Hortensia Hugo Ignacio
        Inmaculada Isabel Javier Jaime Jerónimo Jesús Jimena Joaquín Jorge José Josefa Josefina Juan Juana Julia
        Julián Julio Lourdes Luz Marcelino Mercedes Narciso Nieves Oscar Patricia Quique Raquel Rocío Rogelio
        Rosalía Sergio Soledad Vicente Victoria Virginia Yolanda Zacarías Xavier Vanesa Verónica Álvaro Consuelo
        Cecilio Benicio Lucía Luciano Horacio Graciela García González Rodríguez Fernández López Martínez Sánchez
        Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Álvarez Muñoz Romero Alonso Gutiérrez Navarro Torres
        Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Suárez Molina Morales Ortega Delgado Castro Ortiz Rubio
        Marín Sanz Núñez Iglesias Medina Garrido Santos Castillo Cortés Lozano Guerrero Cano Prieto Méndez Calvo
        Cruz Gallego Vidal León Márquez Herrera Peña Cabrera Flores Campos Vega Fuentes Carrasco Diez Caballero
        Reyes Nieto Aguilar Pascual Santana Herrero Lorenzo Hidalgo Montero Ibáñez Giménez Ferrer Durán Vicente
        Benítez Mora Santiago Arias Vargas Carmona Crespo Román Pastor Soto Sáez Velasco Soler Moya Esteban Parra
        Bravo Gallardo Rojas Velázquez Velásquez Zamora Zapata Quintana Quintero Quiroga Castañeda Castellanos
        Villanueva Villar Villalobos Murillo Trujillo Carrillo Bustillo Padilla Mejía Rangel Gallegos Echeverría
        Zúñiga Espinoza Mendoza Cervantes Chávez Cáceres Valdez Valenzuela Juárez Trejo Bermúdez Ávila Vallejo
        Guevara Guzmán
        """,
    ),
}


def pieces(name: str, table: Pieces) -> list[tuple[str, ...]]:
    """The ways to write each piece of a name, from left to right, the longest piece first."""
    text, place, found = f"^{name.lower()}$", 0, list[tuple[str, ...]]()
    while place < len(text):
        for length in range(6, 0, -1):
            piece = text[place : place + length]
            # What begins or ends the name is told by its mark; a piece without one may stand anywhere.
            if len(piece) == length and piece in table:
                found.append(table[piece])
                break
        else:
            length = 1
            found.append(("" if text[place] in "^$" else text[place],))
        place += length
    return found


def respelt(name: str, table: Pieces, known: frozenset[str]) -> list[str]:
    """The respellings of a name that are words of the tables and no well-known names."""
    own = normalise(name)[0]
    ways = dict.fromkeys("".join(chosen) for chosen in product(*pieces(name, table)))
    words = [word for way in ways for word in normalise(way)[:1]]
    return [
        word for word in dict.fromkeys(words) if word != own and word not in known and 2 < len(word) <= VARIANT_LETTERS
    ][:MOST]


def main() -> None:
    rarity = (files("phonosearch") / "data" / "rarity.tsv").read_text(encoding="utf-8")
    known = frozenset(
        word for line in rarity.splitlines() if not line.startswith("#") for word in line.split("\t")[1].split()
    )
    lines = [
        "# Common names as English ears would write them. Columns: language, source, a name, its respellings.",
        "# Source rule: written by tools/make_respellings.py from names of general knowledge; Apache-2.0.",
    ]
    for language, (table, text) in NAMES.items():
        names = list(dict.fromkeys(text.split()))
        if language == "pl":
            names += [name[:-1] + "a" for name in names if name.endswith(("ski", "cki"))]
        for name in sorted(names):
            words = respelt(name, table, known)
            own = normalise(name)[0]
            if words and len(own) <= VARIANT_LETTERS:
                lines.append("\t".join((language, "rule", own, *words)))
    (DATA / "respellings.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
