"""Encodings that are guessed: lists of names in thirteen languages, in the encodings that their spreadsheets write."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbook import InvalidInputError, files

ENGLISH = ("First Name", "Last Name")
# Language → titles, names, encodings.
LISTS: dict[str, tuple[tuple[str, str], str, tuple[str, ...]]] = {
    "Polish": (
        ("Imię", "Nazwisko"),
        "Łukasz Świąder|Żaneta Wójcik|Jan Dąbrowski|Michał Zięba|Paweł Kołodziej|Ewa Gęś|Róża Ślązak|Józef Ćwik",
        ("cp1250", "iso8859-2", "cp852", "utf-16"),
    ),
    "Norwegian": (
        ("Fornavn", "Etternavn"),
        "Bjørn Åsen|Kjærsti Sæther|Øyvind Løken|Håkon Bø|Åse Næss|Pål Brønn|Jørgen Vågen|Sølvi Ødegård",
        ("cp1252", "iso8859-1", "cp850"),
    ),
    "German": (
        ("Vorname", "Nachname"),
        "Jürgen Müller|Björn Köhler|Käthe Weiß|Jörg Schröder|Günter Bäcker|Sören Groß|Ülkü Jähn|Änne Röhricht",
        ("cp1252", "iso8859-15", "cp850"),
    ),
    "French": (
        ("Prénom", "Nom"),
        "Hélène Lefèvre|François Crèmebrûlée|Noël Benoît|Zoé Guérin|Jérôme Forêt|Aimée Françoise|Gaëlle Père|Rémi Côté",
        ("cp1252", "iso8859-1", "utf-16"),
    ),
    "Czech": (
        ("Jméno", "Příjmení"),
        "Jiří Dvořák|Šárka Černá|Růžena Němcová|Tomáš Kříž|Zdeněk Šťastný|Věra Růžičková|Aleš Müller|Jaromír Beneš",
        ("cp1250", "iso8859-2", "cp852"),
    ),
    "Turkish": (
        ("Ad", "Soyad"),
        "Ayşe Yılmaz|Şükrü Yağcı|Gülşen Çelik|Işıl Öztürk|Uğur Koç|İpek Şahin|Özgür Doğan|Çağla Güneş",
        ("cp1254", "iso8859-9"),
    ),
    "Russian": (
        ("Имя", "Фамилия"),
        "Иван Петров|Юлия Щербакова|Алексей Кузнецов|Ольга Жукова|Фёдор Цветков|Анна Ефимова|Сергей Чайка|Яна Эхова",
        ("cp1251", "koi8-r", "cp866"),
    ),
    "Spanish": (
        ("Nombre", "Apellidos"),
        "Íñigo Muñoz|Ángel Núñez|Begoña Peña|Raúl Ibáñez|José Cañizo|María Ordóñez|Sofía Zuñiga|Andrés Yáñez",
        ("cp1252",),
    ),
    "Italian": (
        ("Nome", "Cognome"),
        "Nicolò Conti|Mosè Però|Niccolò Galvanò|Giosuè Nardò|Carlo Santità|Anna Forlì|Luca Cantù|Sara Corrà",
        ("cp1252",),
    ),
    "Portuguese": (
        ("Nome próprio", "Apelido"),
        "João Gonçalves|Conceição Simões|Inês Falcão|António Magalhães|Luís Leão|Zélia Brandão|Mário Araújo|Rute Sá",
        ("cp1252", "cp850"),
    ),
    "Lithuanian": (
        ("Vardas", "Pavardė"),
        "Žydrūnas Šimkūnas|Giedrė Čepaitė|Rūta Žukauskė|Šarūnas Būga|Agnė Vaičė|Eglė Jankutė|Kęstas Ąžuolas|Ona Lūšė",
        ("cp1257", "iso8859-13"),
    ),
    "Latvian": (
        ("Vārds", "Uzvārds"),
        "Jānis Bērziņš|Kārlis Ozoliņš|Ēriks Ķirsis|Līga Šķēle|Ģirts Zariņš|Māra Krūmiņa|Pēteris Liepiņš|Žanis Āboliņš",
        ("cp1257", "iso8859-13"),
    ),
    "Estonian": (
        ("Eesnimi", "Perekonnanimi"),
        "Tõnu Õunapuu|Ülle Jõgi|Šura Žukov|Jüri Mägi|Päärn Kõrvits|Õie Käär|Züleiha Põld|Mõmm Väli",
        ("cp1257",),
    ),
}
SAMPLES = [(language, encoding, count) for language in LISTS for encoding in LISTS[language][2] for count in (2, 8, 80)]


def make_people(language: str, count: int) -> list[tuple[str, ...]]:
    names = [tuple(name.split()) for name in LISTS[language][1].split("|")]
    # Each first name with another last name.
    return [(names[n % 8][0], names[(n + n // 8) % 8][1]) for n in range(count)]


def read_people(path: Path, content: bytes) -> tuple[list[tuple[str | None, ...]], tuple[int, str] | None]:
    path.write_bytes(content)
    with files.read(path) as people:
        rows = [(row.contact.first_name, row.contact.last_name) for row in people if row.contact is not None]
        return rows, people.example


@pytest.mark.parametrize("titles", ["English", "own"])
@pytest.mark.parametrize(("language", "encoding", "count"), SAMPLES)
def test_encoding_of_language(tmp_path: Path, language: str, encoding: str, count: int, titles: str) -> None:
    people = make_people(language, count)
    head = ENGLISH if titles == "English" else LISTS[language][0]
    text = "\n".join(f"{first};{last};+48500600{n:03}" for n, (first, last) in enumerate([head, *people]))
    found, _ = read_people(tmp_path / "people.csv", text.encode(encoding))
    assert found == people


def test_guess_has_example(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    content = "First Name,Last Name\nAnna,Nowak\nBjørn,Åsen\n"
    assert read_people(path, content.encode("cp1252"))[1] == (3, "Bjørn,Åsen")
    assert read_people(path, content.encode())[1] is None
    # The letters of Polish names prove it.
    assert read_people(path, "First Name,Last Name\nŁukasz,Świąder\n".encode("cp1250"))[1] is None


def test_missing_chardet_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chardet", None)
    path = tmp_path / "people.csv"
    assert read_people(path, "First Name,Last Name\nŁukasz,Świąder\n".encode("cp1250"))[0] == [("Łukasz", "Świąder")]
    with pytest.raises(InvalidInputError, match=r"pip install 'crossbook\[files\]', or pass encoding"):
        read_people(path, "First Name,Last Name\nBjørn,Åsen\n".encode("cp1252"))


def test_line_in_utf8_does_not_decide(rows: Callable[..., list[files.Row]]) -> None:
    content = "first_name,phone\nŻółw,1\nŁoś,2\n".encode("cp1250") + "Bąk,3\n".encode()
    assert [row.contact and row.contact.first_name for row in rows(content)][:2] == ["Żółw", "Łoś"]
