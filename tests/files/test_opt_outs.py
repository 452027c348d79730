"""Columns that say who may get messages: an opt-out in a file is read, or the reading stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crossbook import Contact, InvalidInputError, files

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "files"
ALL: set[str] = {"sms", "email", "push"}
NONE: set[str] = set()
OUT = ["TRUE", "true", "sim", "yes", "Yes", "1", "x", "tak", "TAK", "PRAWDA", "ja", "WAHR", "oui", "vrai", "sí", "ano"]
NOT_OUT = ["FALSE", "no", "0", "nie", "FAŁSZ", "nein", "Falsch", "non", "faux", "ne", "Não"]
OPT_OUT_TITLES = {
    "doNotContact": ALL, "Do not contact": ALL, "do_not_contact": ALL, "unsubscribed": ALL, "Unsubscribed?": ALL,
    "isUnsubscribed": ALL, "Opted out": ALL, "opt-out": ALL, "Blacklisted": ALL, "suppressed": ALL,
    "Unsubscribed from all email": {"email"}, "hs_email_optout": {"email"}, "hs_email_optout_8012345": {"email"},
    "Opted out of email: Marketing Information": {"email"}, "HasOptedOutOfEmail": {"email"}, "Email Opt Out": {"email"},
    "Do not allow Bulk Emails": {"email"}, "DoNotCall": {"sms"}, "SMS opt-out": {"sms"}, "EMAIL_BLACKLISTED": {"email"},
    "Wypisany": ALL, "Rezygnacja": ALL, "Nie kontaktować": ALL, "Sprzeciw": ALL, "Brak zgody": ALL,
    "Cofnięta zgoda SMS": {"sms"}, "Abgemeldet": ALL, "Kein Newsletter": {"email"}, "Werbesperre": ALL,
    "Einwilligung widerrufen": ALL, "Désabonné": ALL, "Désinscrit": ALL, "Odhlášen": ALL, "Uitgeschreven": ALL,
    "Kein Kontakt": ALL, "Kontaktverbot": ALL, "Werbeverbot": ALL, "Refus SMS": {"sms"}, "STOP": ALL,
    "Stop SMS": {"sms"}, "STOP_EMAIL": {"email"}, "Do not disturb": ALL, "Nechce SMS": {"sms"},
    "Usunięty z listy": ALL, "deaktiviert": ALL, "Descadastrado": ALL, "Cancelou a inscrição": ALL,
    "Não enviar SMS": {"sms"}, "Não contatar": ALL, "Não ligar": {"sms"}, "Bloqueado": ALL, "Lista negra": ALL,
    "No llamar": {"sms"}, "Dada de baja": ALL, "Non contattare": ALL, "Non inviare SMS": {"sms"}, "Inactive": ALL,
    "Nieaktywny": ALL,
}  # fmt: skip
CONSENT_TITLES = {
    "Zgoda marketingowa": ALL, "Zgoda SMS": {"sms"}, "zgoda_email": {"email"},
    "Zgoda na SMS i e-mail": {"sms", "email"},
    "RODO": ALL, "GDPR consent": ALL, "Einwilligung": ALL, "Einwilligung E-Mail": {"email"}, "newsletter": {"email"},
    "Newsletter abonniert": {"email"}, "DSGVO": ALL, "SMS opt-in": {"sms"}, "smsOptIn": {"sms"}, "OPT_IN": ALL,
    "Accepts Email Marketing": {"email"}, "Accepts Marketing": ALL, "SMS Marketing Consent": {"sms"}, "subscribed": ALL,
    "Email subscription": {"email"}, "Consentement": ALL, "Souhlas": ALL, "Samtykke": ALL, "Toestemming": ALL,
    "Marketing": ALL, "Marketing SMS": {"sms"}, "E-mail marketing": {"email"}, "Consentimento": ALL, "LGPD": ALL,
    "Aceita receber e-mails": {"email"}, "Autoriza SMS": {"sms"}, "Receber novidades": ALL, "Subscrito": ALL,
    "Permissão de marketing": ALL, "Consenso privacy": ALL, "Acepta recibir publicidad": ALL, "Active": ALL,
    "Aktywny": ALL, "Ativo": ALL, "SMS": {"sms"}, "Subscriber": ALL, "Assinante": ALL,
}  # fmt: skip
STATUS_TITLES = [
    "status",
    "Status",
    "Email status",
    "subscription_status",
    "Status subskrypcji",
    "Marketing status",
    "Stato iscrizione",
    "Estado de suscripción",
    "Estado",
    "Stato",
    "Situação",
    "Status da inscrição",
    "Person - Marketing status",
]
NO_OPT_OUT_TITLES = [
    "MEMBER_RATING", "OPTIN_TIME", "OPTIN_IP", "CONFIRM_TIME", "Order status", "Domino email no.", "Prodotto",
    "Adopting store", "Odběratel", "Abonnement", "Consultant", "Email Marketing Consent Timestamp", "Consent source",
    "Subscription plan", "Options", "Terms accepted", "Estado", "Stato", "Stop number", "Marketing budget",
    "Estado do cliente", "Estado civil", "Active users",
]  # fmt: skip


def read(name: str, text: str, **corrections: str) -> list[files.Row]:
    Path(name).write_text(text, encoding="utf-8")
    with files.read(name, corrections=corrections) as people:
        return list(people)


def read_cell(title: str, cell: str, **corrections: str) -> set[str] | None:
    """Return the opt-outs of a contact whose file has this column."""
    (row,) = read("people.csv", f'email,"{title}"\njan@example.com,"{cell}"\n', **corrections)
    assert row.contact is not None, row.error
    return None if row.contact.opted_out is None else set(row.contact.opted_out)


@pytest.fixture(autouse=True)
def _in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("title", OPT_OUT_TITLES)
def test_opt_out_column_read(title: str) -> None:
    for cell in OUT:
        assert read_cell(title, cell) == OPT_OUT_TITLES[title], cell
    for cell in NOT_OUT:
        assert read_cell(title, cell) == set(), cell
    assert read_cell(title, "") is None
    assert read_cell(title, "2024-05-01") == OPT_OUT_TITLES[title], "a time of the opt-out"


@pytest.mark.parametrize("title", CONSENT_TITLES)
def test_consent_column_read(title: str) -> None:
    for cell in OUT:
        assert read_cell(title, cell) == set(), cell
    for cell in NOT_OUT:
        assert read_cell(title, cell) == CONSENT_TITLES[title], cell


@pytest.mark.parametrize("title", STATUS_TITLES)
def test_status_column_read(title: str) -> None:
    for cell in (
        "unsubscribed",
        "Blocklisted",
        "cleaned",
        "bounced",
        "wypisany",
        "abgemeldet",
        "removed",
        "Non-marketing contact",
        "Do aktywacji",
        "Twardo odbijający się",
        "Descadastrado",
        "Awaiting confirmation",
    ):
        assert read_cell(title, cell), cell
    for cell in ("active", "Subscribed", "enabled", "aktywny", "Marketing contact"):
        assert read_cell(title, cell) == set(), cell


@pytest.mark.parametrize("title", NO_OPT_OUT_TITLES)
def test_similar_title_not_read(title: str) -> None:
    assert read_cell(title, "3") is None


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("Zgoda SMS", ""), ("Zgoda SMS", "może"), ("status", "lead"), ("status", ""), ("status", "1"),
        ("DOUBLE_OPT-IN", "2"), ("doNotContact", "?"), ("newsletter", "Weekly news"),
    ],
)  # fmt: skip
def test_unclear_cell_stops_reading(title: str, cell: str) -> None:
    """Also in a late row: the whole file is checked before the first row is given out."""
    text = f"email,{title}\n" + "".join(f"a{n}@example.com,{_clear(title)}\n" for n in range(300))
    with pytest.raises(InvalidInputError) as caught:
        read("people.csv", text + f"jan@example.com,{cell}\n")
    assert caught.value.field == "map"
    assert f'corrections={{"{title}": ""}}' in str(caught.value)
    assert "line 302" in str(caught.value)
    assert not cell or f" {cell} " not in str(caught.value), "a cell may be personal data"
    (*_, row) = read("people.csv", text + f"jan@example.com,{cell}\n", **{title: ""})
    assert row.contact == Contact(email="jan@example.com")


def _clear(title: str) -> str:
    return "active" if title == "status" else "no"


@pytest.mark.parametrize(
    ("title", "cells"),
    [
        ("SMS", ["+48500600700", "nie"]), ("Subscriber", ["ola@example.com", "no"]), ("Estado", ["SP", "Jalisco"]),
        ("Stato", ["Italia", ""]), ("Active", ["last year", ""]),
    ],
)  # fmt: skip
def test_cells_disprove_unsure_title(title: str, cells: list[str]) -> None:
    """An `SMS` column of Brevo has phones, and a `Subscriber` column of MailerLite has addresses."""
    rows = read("people.csv", f"Name,External ID,{title}\n" + "".join(f"Ola,a{cell},{cell}\n" for cell in cells))
    assert [row.contact and row.contact.opted_out for row in rows] == [None] * len(cells)
    first = rows[0].contact
    assert first is not None
    assert {"SMS": first.phone, "Subscriber": first.email}.get(title, cells[0]) == cells[0]


def test_proved_title_stops_at_unclear_cell() -> None:
    with pytest.raises(InvalidInputError, match="line 4"):
        read("people.csv", "email,Estado\na@example.com,Baja\nb@example.com,Cancelado\nc@example.com,?\n")


def test_mapped_column_reads_empty_cells() -> None:
    assert read_cell("Zgoda SMS", "", **{"Zgoda SMS": "opted_in.sms"}) == {"sms"}
    assert read_cell("Stop", "x", Stop="opted_out.sms+email") == {"sms", "email"}
    assert read_cell("Stop", "", Stop="opted_out.sms") is None
    assert read_cell("Reklama", "nie", Reklama="opted_in") == ALL
    (row,) = read("people.csv", "email,Stop\njan@example.com,perhaps\n", Stop="opted_out")
    assert row.error is not None
    assert row.error.field == "opted_out"


def test_all_columns_of_a_row_count() -> None:
    (row,) = read("people.csv", "email,SMS opt-in,newsletter,Stop\njan@example.com,no,yes,0\n", Stop="opted_out")
    assert row.contact == Contact(email="jan@example.com", opted_out=frozenset({"sms"}))
    (row,) = read("people.csv", "email,opted_out,unsubscribed\njan@example.com,none,1\n")
    assert row.contact is not None
    assert row.contact.opted_out == frozenset(ALL)


def test_opt_out_title_proves_no_titles() -> None:
    """The first row of a file without titles may have a cell such as "unsubscribed"."""
    with pytest.raises(InvalidInputError, match="no column title is known"):
        read("people.csv", "Jan,jan@example.com,unsubscribed\nOla,ola@example.com,active\n")


@pytest.mark.parametrize("target", ["opted_out.fax", "opted_out.", "opted_in.sms+sms", "opted_maybe"])
def test_unknown_channel_in_corrections(target: str) -> None:
    with pytest.raises(InvalidInputError, match="a contact has no field"):
        read("people.csv", "email,Stop\njan@example.com,1\n", Stop=target)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"doNotContact": True}, ALL), ({"doNotContact": False}, NONE), ({"unsubscribed": 1}, ALL),
        ({"status": "unsubscribed"}, ALL), ({"smsConsent": False}, {"sms"}), ({"opted_out": ["sms"]}, {"sms"}),
        ({"active": False}, ALL), ({"active": True}, NONE), ({"active": "soon"}, None),
        ({"opted_out": list[str]()}, NONE), ({"doNotContact": None}, None), ({"consent": ["sms", "email"]}, {"push"}),
    ],
)  # fmt: skip
def test_json_key_read(values: dict[str, object], expected: set[str] | None) -> None:
    (row,) = read("people.jsonl", json.dumps({"email": "jan@example.com", **values}) + "\n")
    assert row.contact is not None, row.error
    assert row.contact.opted_out == (None if expected is None else frozenset(expected))


@pytest.mark.parametrize("value", [{"sms": False}, "perhaps", None])
def test_unclear_json_value_stops_reading(value: object) -> None:
    lines = json.dumps({"email": "ola@example.com", "consent": True}) + "\n"
    lines += json.dumps({"email": "jan@example.com", **({} if value is None else {"consent": value})}) + "\n"
    with pytest.raises(InvalidInputError, match="line 2"):
        read("people.jsonl", lines)


def test_sample_files_read() -> None:
    """A contact manager's `doNotContact` column, and the `status` column of list managers."""
    with files.read(SAMPLES / "do_not_contact.csv") as people:
        assert [bool(row.contact and row.contact.opted_out) for row in people] == [True, False]
    with files.read(SAMPLES / "status.csv") as people:
        assert [bool(row.contact and row.contact.opted_out) for row in people] == [True, False, True]
