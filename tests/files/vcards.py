"""vCards of the kinds that programs write, each with the values that are in it. All persons are made up."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]


def card(*lines: str | bytes, version: str = "3.0") -> bytes:
    """Return a vCard with these lines."""
    inner = (line if isinstance(line, bytes) else line.encode() for line in (f"VERSION:{version}", *lines))
    return b"\r\n".join((b"BEGIN:VCARD", *inner, b"END:VCARD", b""))


def old(*lines: str | bytes) -> bytes:
    """Return a vCard of version 2.1."""
    return card(*lines, version="2.1")


def new(*lines: str | bytes) -> bytes:
    """Return a vCard of version 4.0."""
    return card(*lines, version="4.0")


def person(name: str, phone: str = "+48500600700", **more: Any) -> Values:
    return {"name": name, "phone": phone, **more}


TEL = "TEL;TYPE=CELL:+48500600700"
CELL = "TEL;CELL:+48500600700"
LANDLINE = "TEL;TYPE=HOME:+48221234567"
ANNA, OLA = person("Anna"), person("Ola", "+48500600701")
ANNAS, OLAS = card("FN:Anna", TEL), card("FN:Ola", "TEL;TYPE=CELL:+48500600701")
MAIL = ANNA | {"email": "a@example.com"}
HALVES = {"first_name": "Anna", "last_name": "Kot", "phone": "+48500600700"}
KOT = HALVES | {"name": "Anna Kot"}
ZOFIA = {"first_name": "Zofia", "last_name": "Żółw", "name": "Zofia Żółw", "phone": "+48500600700"}
HELENE = {"first_name": "Hélène", "last_name": "Père", "name": "Hélène Père", "phone": "+48500600700"}
# The files of tests/samples/files/vcard. `groups` are names, `unread` are lines that are left out and named.
SAMPLES: dict[str, list[Values]] = {
    "address-book-around": [
        {"first_name": "Joe", "last_name": "Doe", "name": "Joe Doe", "phone": "+48500600733"},
        {"first_name": "Jim", "last_name": "Doe", "name": "Jim Doe", "phone": "+48500600734"},
    ],
    "android-custom-type": [{"first_name": "Ala", "last_name": "Param", "phone": "+48500600745"}],
    "apple-group": [KOT | {"phone": "+48500600720", "groups": ("Klub",)}],
    "charset-of-the-property": [HELENE | {"phone": "+48500600717"}],
    "comma-in-company": [
        {
            "first_name": "Jan",
            "last_name": "Nowak",
            "name": "Jan Nowak",
            "company": "ABC, Sp. z o.o.",
            "phone": "+48500600802",
        }
    ],
    "comma-in-fn": [person("Kowalska, Anna", "+48500600801")],
    "cr-alone": [
        {"first_name": "Ola", "last_name": "Mac", "name": "Ola Mac", "phone": "+48500600737"},
        {"first_name": "Ela", "last_name": "Mac", "name": "Ela Mac", "phone": "+48500600738"},
    ],
    "email-with-a-name": [
        {
            "first_name": "Disp",
            "last_name": "Ola",
            "name": "Disp Ola",
            "phone": "+48500600772",
            "email": "ola.disp@example.com",
        }
    ],
    "extension-in-capitals": [person("Ext Tel", "+48221234567")],
    "fax-before-voice": [{"first_name": "Jan", "last_name": "Fax", "name": "Jan Fax", "phone": "+48221234547"}],
    "folded-inside-a-letter": [
        {
            "first_name": "Zażółć",
            "last_name": "Wańkowicz",
            "name": "Zażółć gęślą jaźń Wańkowicz-Śmigłowska",
            "phone": "+48500600740",
        }
    ],
    "google-own-group": [
        {
            "first_name": "Ola",
            "last_name": "Gmail",
            "name": "Ola Gmail",
            "phone": "+48500600732",
            "groups": ("Klienci",),
        }
    ],
    "halves-with-commas": [
        {
            "first_name": "Anna, Maria",
            "last_name": "Kowalska-Nowak, dr",
            "name": "Anna Maria",
            "phone": "+48500600804",
        }
    ],
    "label-says-mobile": [{"first_name": "Jan", "last_name": "Nowak", "name": "Jan Nowak", "phone": "+48500600812"}],
    "not-read-is-told": [
        {
            "first_name": "Ala",
            "last_name": "Nota",
            "name": "Nota Ala",
            "phone": "+48500600764",
            "email": "ala@example.com",
        }
    ],
    "note-cut-in-a-letter": [{"first_name": "Jan", "last_name": "Nowak", "name": "Jan Nowak", "phone": "+48500600823"}],
    "note-on-bare-lines": [
        {"first_name": "Ola", "last_name": "Raw", "name": "Ola Raw", "phone": "+48500600707", "unread": (7, 8)}
    ],
    "null-behind-the-end": [
        {"first_name": "Bxx", "name": "Bxx", "phone": "+48500600726"},
        {"first_name": "Cyy", "name": "Cyy", "phone": "+48500600727"},
    ],
    "photo-data-uri": [{"first_name": "Jan", "last_name": "Zdjecie", "name": "Jan Zdjecie", "phone": "+48500600841"}],
    "photo-not-indented": [
        {
            "first_name": "Iga",
            "last_name": "Foto",
            "name": "Iga Foto",
            "phone": "+48500600715",
            "email": "iga@example.com",
        }
    ],
    "pref-is-a-rank": [person("Pref Nr", "+48500600751", email="pierwszy@example.com")],
    "soft-break-and-space": [
        {"first_name": "Łukasz", "last_name": "Żółw-Nowak", "name": "Łukasz Żółw-Nowak", "phone": "+48500600706"}
    ],
    "spaces-around-values": [
        {
            "first_name": "Ola",
            "last_name": "Spacja",
            "name": "Spacja Ola",
            "phone": "+48500600756",
            "email": "ola@example.com",
            "company": "ABC",
        }
    ],
    "two-numbers-in-one": [{"first_name": "Dwa", "last_name": "Numery", "name": "Dwa Numery", "phone": "+48500600773"}],
}
QP = "CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE"
# Further vCards of these kinds, and of others.
KINDS: dict[str, tuple[bytes, list[Values]]] = {
    # Encodings
    "Outlook names cp1250": (
        old(
            b"N;LANGUAGE=pl;CHARSET=Windows-1250:\xaf\xf3\xb3w;Zofia",
            b"FN;CHARSET=Windows-1250:Zofia \xaf\xf3\xb3w",
            CELL,
        ),
        [ZOFIA],
    ),
    "two charsets in one file": (
        old(b"N;CHARSET=ISO-8859-2:\xaf\xf3\xb3w;Zofia", "FN;CHARSET=UTF-8:Zofia Żółw", CELL)
        + old(b"N;CHARSET=ISO-8859-1:P\xe8re;H\xe9l\xe8ne", b'FN;charset="iso-8859-1":H\xe9l\xe8ne P\xe8re', CELL),
        [ZOFIA, HELENE],
    ),
    "cp1252 that calls itself ISO 8859-1": (
        old(b"FN;CHARSET=ISO-8859-1:\x8aimon \x80", CELL),
        [person("Šimon €")],
    ),
    "cp1252 in quoted-printable": (
        old(
            "N;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:P=E8re;H=E9l=E8ne",
            "FN;QUOTED-PRINTABLE;CHARSET=Windows-1252:H=E9l=E8ne P=E8re",
            CELL,
        ),
        [HELENE],
    ),
    "charset in small letters": (
        old(
            "n;charset=utf-8;encoding=quoted-printable:=c5=bb=c3=b3=c5=82w;Zofia",
            "fn;encoding=quoted-printable;charset=utf-8:Zofia =c5=bb=c3=b3=c5=82w",
            "tel;cell:+48500600700",
        ),
        [ZOFIA],
    ),
    "quoted-printable without a charset": (old("FN;ENCODING=QUOTED-PRINTABLE:=C5=BBaneta", CELL), [person("Żaneta")]),
    "quoted-printable in version 3.0": (card(f"FN;{QP}:=C5=BBaneta", TEL), [person("Żaneta")]),
    "unknown charset": (old("FN;CHARSET=X-PHONE:Żaneta", CELL), [person("Żaneta")]),
    "UTF-8 that calls itself otherwise": (old("FN;CHARSET=ISO-8859-1:Żaneta", CELL), [person("Żaneta")]),
    "Shift JIS with a backslash inside a letter": (
        old(b"FN;CHARSET=SHIFT_JIS:" + "表;ソ".encode("shift_jis"), CELL),
        [person("表;ソ")],
    ),
    "GB2312": (old(b"FN;CHARSET=GB2312:" + "联通".encode("gb2312"), CELL), [person("联通")]),
    "KOI8-R": (old(b"FN;CHARSET=KOI8-R:" + "Анна".encode("koi8-r"), CELL), [ANNA | {"name": "Анна"}]),
    "ISO-2022-JP": (old(b"FN;CHARSET=ISO-2022-JP:" + "山田".encode("iso2022_jp"), CELL), [person("山田")]),
    "base64 text": (
        card("FN;ENCODING=b;CHARSET=UTF-8:" + base64.b64encode("Zofia Żółw".encode()).decode(), TEL),
        [person("Zofia Żółw")],
    ),
    "base64 text over lines": (
        old(
            "FN;BASE64;CHARSET=UTF-8:"
            + base64.b64encode("Żaneta".encode()).decode()[:4]
            + "\r\n  "
            + base64.b64encode("Żaneta".encode()).decode()[4:],
            CELL,
        ),
        [person("Żaneta")],
    ),
    "UTF-16 with a mark": (card("FN:Żaneta", TEL).decode().encode("utf-16"), [person("Żaneta")]),
    "UTF-16 without a mark": (card("FN:Żaneta", TEL).decode().encode("utf-16-be"), [person("Żaneta")]),
    "invalid name": (
        ANNAS + card(b"FN:\xffwa", "TEL;TYPE=CELL:+48500600701") + card("FN:Żółta Gęś", TEL),
        [
            ANNA,
            {"phone": "+48500600701", "unread": (8,)},
            person("Żółta Gęś"),
        ],
    ),
    "name cut in a letter": (old(f"FN;{QP}:Zofia =C5=BB=C3", CELL), [person("Zofia Ż", unread=(3,))]),
    "base64 that is none": (card("FN;ENCODING=b:A", TEL), [{"phone": "+48500600700", "unread": (3,)}]),
    "cp1250 without a charset": (
        old(b"N:\xaf\xf3\xb3w;Zofia", b"FN:Zofia \xaf\xf3\xb3w", CELL) + old("FN;CHARSET=UTF-8:Zofia Żółw", CELL),
        [ZOFIA, person("Zofia Żółw")],
    ),
    # Lines
    "soft break": (old(f"FN;{QP}:Zofia =\r\n=C5=BB=C3=\r\n=B3=C5=82w", CELL), [person("Zofia Żółw")]),
    "soft break before a space": (
        old(f"FN;{QP}:Zofia=\r\n =C5=BB=C3=B3=\r\n=C5=82w", CELL),
        [person("Zofia Żółw")],
    ),
    "soft break with a space behind it": (
        old(f"FN;{QP}:Zofia =C5=BB= \r\n=C3=B3=C5=82w", CELL),
        [person("Zofia Żółw")],
    ),
    "soft break at the end": (old(f"FN;{QP}:Anna=", CELL), [ANNA]),
    "note cut behind an equals sign": (old(f"NOTE;{QP}:=C5=BB=", CELL, "FN:Anna"), [ANNA]),
    "note cut before the end": (old("FN:Anna", CELL, f"NOTE;{QP}:=C5=BB="), [ANNA]),
    "folded by a tab": (card("FN:An\r\n\tna", "TEL;TYPE=CELL:+48500\r\n\t600700"), [ANNA]),
    "folded parameters": (card("FN:Anna", "TEL;TYPE=\r\n CELL;TYPE=VOI\r\n CE:+48500600700"), [ANNA]),
    "folded inside letters of halves": (
        card("N:Ż".encode()[:-1] + b"\r\n " + "Ż".encode()[-1:] + "ółw;Zofia;;;".encode(), "FN:Zofia Żółw", TEL),
        [ZOFIA],
    ),
    "folded inside the only letter": (card(b"FN:Ma\xc5\r\n \x82gorzata", TEL), [person("Małgorzata")]),
    "quoted-printable folded by a space alone": (old(f"FN;{QP}:=C5\r\n =BBaneta", CELL), [person("Żaneta")]),
    "CR alone and folds": (card("FN:An\r\n na", TEL).replace(b"\r\n", b"\r"), [ANNA]),
    "LF alone": (card("FN:An\r\n na", TEL).replace(b"\r\n", b"\n"), [ANNA]),
    "CR CR LF": (card("FN:An\r\n na", TEL).replace(b"\r\n", b"\r\r\n"), [ANNA]),
    "blank lines": (card("FN:Anna", "", "  ", TEL, ""), [ANNA]),
    "indented card": (b"".join(b"  " + line for line in card("FN:An\r\n na", TEL).splitlines(True)), [ANNA]),
    "indented end": (ANNAS.replace(b"END", b"  END") + OLAS, [ANNA, OLA]),
    "no line end at the end": (ANNAS.rstrip(), [ANNA]),
    "zeros behind the end": (ANNAS.rstrip() + b"\0\r\n" + OLAS + b"\0" * 16, [ANNA, OLA]),
    "many zeros behind the end": (ANNAS + b"\0" * 8192, [ANNA]),
    "joined without a line end": (ANNAS.rstrip() + OLAS, [ANNA, OLA]),
    "byte order marks of joined files": (b"".join(b"\xef\xbb\xbf" + each for each in (ANNAS, OLAS)), [ANNA, OLA]),
    "begin in small letters": (
        ANNAS.replace(b"BEGIN:VCARD", b"begin:vcard").replace(b"END:VCARD", b"End:vCard "),
        [ANNA],
    ),
    "comment before the first card": (b"# address book, saved today\r\n\r\n" + ANNAS + b"--\r\n" + OLAS, [ANNA, OLA]),
    "address book with a version": (
        b"BEGIN:VADDRESSBOOK\nVERSION:1.0\n" + ANNAS + OLAS + b"END:VADDRESSBOOK\n",
        [ANNA, OLA],
    ),
    "line without a colon": (card("FN:Anna", "Kowalska 500600799", TEL), [ANNA | {"unread": (4,)}]),
    "line with a name": (card("FN:Anna", "Kowalska:500600799", TEL), [ANNA | {"unread": (4,)}]),
    "note of three bare lines": (
        old("NOTE:one", "two", "", "three: 3", "FN:Anna", CELL),
        [ANNA | {"unread": (4, 6)}],
    ),
    "no end before the next card": (ANNAS.replace(b"END:VCARD\r\n", b"") + OLAS, [{"error": "END:VCARD"}, OLA]),
    "no end": (OLAS + ANNAS.replace(b"END:VCARD\r\n", b""), [OLA, {"error": "END:VCARD"}]),
    "no begin": (OLAS + ANNAS.replace(b"BEGIN:VCARD\r\n", b""), [OLA, {"error": "BEGIN:VCARD"}]),
    "empty cards": (
        b"BEGIN:VCARD\r\nEND:VCARD\r\n" + card("UID:1", "N:;;;;", "FN: ", "TEL:", "CATEGORIES:,") + ANNAS,
        [ANNA],
    ),
    "no version": (ANNAS.replace(b"VERSION:3.0\r\n", b""), [ANNA]),
    # Nested cards and groups
    "agent": (old("FN:Anna", "AGENT:", old("FN:Agent", "TEL;CELL:+48500600799").rstrip(), CELL), [ANNA]),
    "agent in the same line": (
        old("FN:Anna", b"AGENT:" + old("FN:Agent", "EMAIL:a@example.com").rstrip(), CELL),
        [ANNA],
    ),
    "agent of an agent": (
        old("FN:Anna", "AGENT:", old("FN:B", "AGENT:", old("FN:C", "TEL:1").rstrip()).rstrip(), CELL),
        [ANNA],
    ),
    "agent in one line": (card("FN:Anna", r"AGENT:BEGIN:VCARD\nFN:Agent\nTEL:1\nEND:VCARD\n", TEL), [ANNA]),
    "agent elsewhere": (card("FN:Anna", "AGENT;VALUE=uri:CID:agent@example.com", TEL), [ANNA]),
    "group before its members": (
        new("KIND:group", "FN:Klub", "MEMBER:urn:uuid:a1", "MEMBER:urn:uuid:b2")
        + new("FN:Anna", "UID:urn:uuid:A1", TEL)
        + new("FN:Ola", "UID:b2", "TEL;TYPE=cell:+48500600701", "CATEGORIES:VIP"),
        [ANNA | {"groups": ("Klub",)}, OLA | {"groups": ("VIP", "Klub")}],
    ),
    "two groups of one member": (
        card("FN:Anna", TEL, "UID:A1:ABPerson")
        + card(
            "N:Klub;;;;", "FN:Klub", "X-ADDRESSBOOKSERVER-KIND:GROUP", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:A1:ABPerson"
        )
        + card("N:Chór;;;;", "x-addressbookserver-kind:group", "X-ADDRESSBOOKSERVER-MEMBER:A1:ABPerson"),
        [ANNA | {"groups": ("Klub", "Chór")}],
    ),
    "members by address and phone": (
        new("FN:Anna", "TEL;VALUE=uri;TYPE=cell:tel:+48-500-600-700")
        + new("FN:Ola", "EMAIL:ola@example.com")
        + new("KIND:group", "FN:Klub", "MEMBER:mailto:Ola@example.com", "MEMBER:tel:+48500600700"),
        [ANNA | {"groups": ("Klub",)}, {"name": "Ola", "email": "ola@example.com", "groups": ("Klub",)}],
    ),
    "group without members": (ANNAS + new("KIND:group", "FN:Klub"), [ANNA]),
    "list of Evolution": (
        card("FN:Ola", "EMAIL:ola@example.com")
        + card("FN:Klub", "X-EVOLUTION-LIST:TRUE", "EMAIL;X-EVOLUTION-DEST-NAME=Ola:Ola <ola@example.com>"),
        [{"name": "Ola", "email": "ola@example.com", "groups": ("Klub",)}],
    ),
    "card of a person or company": (
        new("KIND:individual", "FN:Anna", TEL) + card("FN:Ola", "X-EVOLUTION-LIST:FALSE", "TEL;TYPE=CELL:+48500600701"),
        [ANNA, OLA],
    ),
    # Phones
    "pager and modem first": (old("FN:Anna", "TEL;PAGER:+48221234567", "TEL;MODEM;PREF:+48221234568", CELL), [ANNA]),
    "fax alone": (
        card("FN:Anna", "TEL;TYPE=WORK,FAX:+48221234567", "EMAIL:a@example.com"),
        [{"name": "Anna", "email": "a@example.com"}],
    ),
    "fax that takes calls": (
        card("FN:Anna", "TEL;TYPE=FAX,VOICE:+48221234568", LANDLINE),
        [person("Anna", "+48221234567")],
    ),
    "fax that takes calls alone": (
        card("FN:Anna", "TEL;TYPE=FAX;TYPE=VOICE:+48221234568"),
        [person("Anna", "+48221234568")],
    ),
    "fax in a label": (
        card(
            "FN:Anna",
            "item1.TEL;type=pref:+48221234568",
            "item1.X-ABLabel:_$!<WorkFAX>!$_",
            "item2.TEL:+48221234569",
            "item2.X-ABLabel:Faks",
            LANDLINE,
        ),
        [person("Anna", "+48221234567")],
    ),
    "Apple's mobile label": (
        card("FN:Anna", LANDLINE, "item2.X-ABLABEL:_$!<Mobile>!$_", "ITEM2.TEL:+48500600700", "item1.X-ABLabel:Mobile"),
        [ANNA],
    ),
    "SIP": (
        new("FN:Anna", "TEL;VALUE=uri;PREF=1:sip:anna@example.com", "TEL;TYPE=SIP:1001", "TEL:+48500600700"),
        [ANNA],
    ),
    "mobile before preferred landline": (card("FN:Anna", "TEL;TYPE=WORK,PREF:+48221234567", TEL), [ANNA]),
    "preferred of two mobiles": (old("FN:Anna", "TEL;CELL:+48500600799", "TEL;PREF;CELL;VOICE:+48500600700"), [ANNA]),
    "preferred by several words": (
        card(
            "FN:Anna",
            "TEL;type=CELL;type=VOICE:+48500600799",
            "TEL;type=IPHONE;type=CELL;type=VOICE;type=pref:+48500600700",
        ),
        [ANNA],
    ),
    "rank before no rank": (
        new("FN:Anna", "TEL;TYPE=cell:+48500600799", "TEL;TYPE=cell;PREF=100:+48500600700"),
        [ANNA],
    ),
    "rank in quotes": (new("FN:Anna", 'TEL;PREF="2":+48500600799', 'TEL;PREF="1":+48500600700'), [ANNA]),
    "types in quotes": (new("FN:Anna", LANDLINE, 'TEL;TYPE="voice,cell":+48500600700'), [ANNA]),
    "types with escaped commas": (card("FN:Anna", LANDLINE, r"TEL;TYPE=voice\,cell:+48500600700"), [ANNA]),
    "X- before a type": (old("FN:Anna", "TEL;HOME:+48221234567", "TEL;X-Mobile:+48500600700"), [ANNA]),
    "colon in quotes": (new("FN:Anna", 'TEL;X-WHY="a:b;c";TYPE=cell:+48500600700'), [ANNA]),
    "space before the colon": (card("FN :Anna", "TEL ; TYPE = CELL :+48500600700", LANDLINE), [ANNA]),
    "custom label over two lines": (
        old("FN:Anna", "TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=D0=9C=\r\n=D0=B1):+48221234567", CELL),
        [ANNA],
    ),
    "custom label alone": (
        old("FN:Anna", "TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=D0=9C):+48500600700"),
        [ANNA],
    ),
    "WhatsApp": (card("FN:Anna", "item1.TEL;waid=48500600700:+48 500 600 700", "item1.X-ABLabel:Mobile"), [ANNA]),
    "tel URI with an empty extension": (new("FN:Anna", "TEL;VALUE=uri:tel:+48-500-600-700;ext="), [ANNA]),
    "tel URI with an escaped extension": (card("FN:Anna", r"TEL;VALUE=uri:TEL:+48500600700\;Ext=12"), [ANNA]),
    "tel URI with a subaddress": (new("FN:Anna", "TEL:tel:+48500600700;isub=1;x=2"), [ANNA]),
    "tel URI with a context": (new("FN:Anna", "TEL;VALUE=uri:tel:500-600-700;phone-context=+48"), [ANNA]),
    "tel URI with a name as context": (new("FN:Anna", "TEL;VALUE=uri:tel:500600700;PHONE-CONTEXT=example.com"), [ANNA]),
    "tel URI with percents": (new("FN:Anna", "TEL;VALUE=uri:tel:%2B48500600700"), [ANNA]),
    "sms URI": (new("FN:Anna", "TEL;VALUE=uri:sms:+48500600700?body=hi"), [ANNA]),
    "tel URI of version 3.0": (card("FN:Anna", "TEL:tel:+48500600700"), [ANNA]),
    "extension without URI": (card("FN:Anna", "TEL:+48500600700;ext=12"), [ANNA]),
    "extension in words": (card("FN:Anna", "TEL;TYPE=CELL:+48 500 600 700 ext. 12"), [ANNA]),
    "dial pauses": (card("FN:Anna", "TEL;TYPE=CELL:+48500600700,,12"), [ANNA]),
    "two numbers by comma": (card("FN:Anna", "TEL:500600700, 500600701"), [ANNA]),
    "two numbers by semicolon": (card("FN:Anna", r"TEL:500600700\; 500600701"), [ANNA]),
    "two numbers on two lines": (card("FN:Anna", r"TEL:500 600 700\n500 600 701"), [ANNA]),
    "two numbers by a word": (card("FN:Anna", "TEL:500 600 700 lub 500 600 701"), [ANNA]),
    "two numbers by a slash": (card("FN:Anna", "TEL:+48500600700/+48500600701"), [ANNA]),
    "one number with slashes": (card("FN:Anna", "TEL:500/600/700"), [ANNA]),
    "no number at all": (card("FN:Anna", "TEL;TYPE=CELL:n/a", "TEL;TYPE=CELL: ", "TEL:+48500600700"), [ANNA]),
    "invisible signs": (
        card("FN:\u200bAnna\u00a0", "TEL:\u202a+48\u00a0500\u00a0600 700\u202c", "EMAIL:a@example.com\u200b"),
        [MAIL],
    ),
    # Addresses
    "mailto": (new("FN:Anna", TEL, "EMAIL:mailto:a%2Bb@example.com?subject=x"), [ANNA | {"email": "a+b@example.com"}]),
    "address in brackets": (card("FN:Anna", TEL, "EMAIL:<MAILTO:a@example.com>"), [MAIL]),
    "name with a comma": (card("FN:Anna", TEL, r'EMAIL:"Kot\, Anna" <a@example.com>'), [MAIL]),
    "two addresses in one": (card("FN:Anna", TEL, "EMAIL:a@example.com; b@example.com"), [MAIL]),
    "X.400 first": (old("FN:Anna", CELL, "EMAIL;X400;PREF:G=Anna/C=PL", "EMAIL;INTERNET:a@example.com"), [MAIL]),
    "preferred address": (
        old("FN:Anna", CELL, "EMAIL;INTERNET:b@example.com", "EMAIL;PREF;INTERNET:a@example.com"),
        [MAIL],
    ),
    "address of a group property": (card("item1.FN:Anna", TEL, "item3.EMAIL;type=INTERNET:a@example.com"), [MAIL]),
    # Names, companies, groups
    "escapes": (card(r"FN:A\, B\; C\\D\: E", TEL), [person("A, B; C\\D: E")]),
    "backslash that escapes nothing": (old(r"FN:A\B", CELL), [person(r"A\B")]),
    "semicolon in a name": (card("FN:Anna; Ola", TEL), [person("Anna; Ola")]),
    "preferred name": (new("FN:Ania", "FN;PREF=1:Anna", TEL), [ANNA]),
    "name without N": (new("FN:Anna Maria Kot", TEL), [person("Anna Maria Kot")]),
    "halves without FN": (old("N:Kot;Anna;Maria;dr;", CELL), [HALVES]),
    "halves and nothing more": (old("N:Kot;Anna", CELL), [HALVES]),
    "one half": (old("N:Kot", CELL), [{"last_name": "Kot", "phone": "+48500600700"}]),
    "too many halves": (card("N:Kot;Anna;a;b;c;d;e", "FN:Anna", TEL), [ANNA | HALVES]),
    "semicolon in a half": (
        card(r"N:Kot\; Mysz;Anna;;;", "FN:Anna", TEL),
        [ANNA | {"first_name": "Anna", "last_name": "Kot; Mysz"}],
    ),
    "encoded semicolon in a half": (
        old(f"N;{QP}:Kot=3B Mysz;Anna", "FN:Anna", CELL),
        [ANNA | {"first_name": "Anna", "last_name": "Kot; Mysz"}],
    ),
    "encoded semicolons only": (
        old(f"N;{QP}:Kot=3BAnna=3B=3B", "FN:Anna", CELL),
        [ANNA | HALVES],
    ),
    "comma in a half of version 2.1": (
        old("N:Kot,Mysz;Anna", "FN:Anna", CELL),
        [ANNA | {"first_name": "Anna", "last_name": "Kot,Mysz"}],
    ),
    "list in a half": (
        card("N:Kot;Anna,Maria;;;", "FN:Anna", TEL),
        [ANNA | {"first_name": "Anna, Maria", "last_name": "Kot"}],
    ),
    "company with departments": (card("FN:Anna", TEL, r"ORG:A\;B, C;Dział;Zespół"), [ANNA | {"company": "A;B, C"}]),
    "company without a name": (card("FN:Anna", TEL, "ORG:;Dział"), [ANNA]),
    "company in version 4.0": (new("FN:Anna", TEL, "ORG;SORT-AS=abc:ABC, Inc."), [ANNA | {"company": "ABC, Inc."}]),
    "company as name": (
        card("N:;;;;", "FN:ABC", "ORG:ABC;", "X-ABShowAs:COMPANY", TEL),
        [{"company": "ABC", "phone": "+48500600700"}],
    ),
    "groups": (
        card("FN:Anna", TEL, r"CATEGORIES: VIP ,A\, B,VIP", "CATEGORIES:C"),
        [ANNA | {"groups": ("VIP", "A, B", "C")}],
    ),
    "groups of version 2.1": (old("FN:Anna", CELL, "CATEGORIES:VIP;Klub"), [ANNA | {"groups": ("VIP", "Klub")}]),
    "semicolon in a group of version 4.0": (
        new("FN:Anna", TEL, "CATEGORIES:VIP;Klub,B"),
        [ANNA | {"groups": ("VIP;Klub", "B")}],
    ),
    "Google's own groups": (card("FN:Anna", TEL, "CATEGORIES:myContacts,starred,My Contacts,* friends"), [ANNA]),
    # What is not read
    "photos": (
        card(
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRg==",
            "PHOTO;VALUE=uri:https://example.com/a.jpg",
            "LOGO;BASE64:%%%",
            "KEY;X509;ENCODING=B:AA",
            "FN:Anna",
            TEL,
        ),
        [ANNA],
    ),
    "photo of Outlook": (
        old("FN:Anna", "X-MS-CARDPICTURE;TYPE=JPEG;ENCODING=BASE64:", "/9j/4AAQSkZJRg==", "", CELL),
        [ANNA],
    ),
    "long photo on one line": (card("FN:Anna", "PHOTO:data:image/png;base64," + "A" * 3_000_000, TEL), [ANNA]),
    "long photo on many lines": (card("FN:Anna", "PHOTO;ENCODING=b:" + "\r\n ".join(["A" * 70] * 30_000), TEL), [ANNA]),
    "long photo not indented": (old("FN:Anna", "PHOTO;BASE64:", *["A" * 70] * 30_000, "", CELL), [ANNA]),
    "data URI not indented": (old("FN:Anna", "PHOTO:data:image/png;base64,AAAA", "AAAABBBB", "CCCC=", CELL), [ANNA]),
    "other properties": (
        card(
            "FN:Anna",
            TEL,
            "X-PHONETIC-FIRST-NAME:A",
            "IMPP;X-SERVICE-TYPE=Skype:skype:anna",
            "X-SOCIALPROFILE;type=twitter:https://x.example/a",
            r"item1.URL:https\://example.com",
            "X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;A;1;;",
            "SOUND;X-IRMC-N;CHARSET=SHIFT_JIS:;;;;",
            "GRAMGENDER:feminine",
        ),
        [ANNA],
    ),
    "value in 8 bits": (
        old(b"FN;ENCODING=8BIT;CHARSET=windows-1250:Zofia \xaf\xf3\xb3w", CELL),
        [person("Zofia Żółw")],
    ),
    "phone and address in quoted-printable": (
        old("FN:Anna", f"TEL;CELL;{QP}:=2B48500600700", "EMAIL;ENCODING=QUOTED-PRINTABLE:a=40example.com"),
        [MAIL],
    ),
    "calendar before the cards": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n" + ANNAS, [ANNA]),
    # Whole cards of programs
    "iCloud": (
        card(
            "PRODID:-//Apple Inc.//iCloud Web Address Book 2519B7//EN",
            "N:Kot;Anna;;;",
            "FN:Anna Kot",
            "ORG:ABC\\, Sp. z o.o.;",
            "EMAIL;type=INTERNET;type=HOME;type=pref:anna@example.com",
            "item1.TEL;type=pref:+48 22 123 45 67",
            "item1.X-ABLabel:biuro",
            "TEL;type=IPHONE;type=CELL;type=VOICE:+48 500 600 700",
            "PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&1&1&a==;VALUE=uri:https://example.com/p",
            "REV:2024-01-02T03:04:05Z",
            "UID:1",
        ),
        [KOT | {"company": "ABC, Sp. z o.o.", "email": "anna@example.com"}],
    ),
    "Outlook": (
        old(
            "N;LANGUAGE=pl:Kot;Anna",
            "FN:Anna Kot",
            "ORG:ABC, Sp. z o.o.;Dział",
            "TITLE:Szef",
            "TEL;WORK;VOICE:(22) 123-45-67",
            "TEL;CELL;VOICE:500 600 700",
            "TEL;WORK;FAX:+48221234568",
            "LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:Prosta 1=0D=0A=\r\n30-001 Kraków",
            "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
            "EMAIL;PREF;INTERNET:anna@example.com",
            "REV:20240102T030405Z",
        ),
        [KOT | {"company": "ABC, Sp. z o.o.", "email": "anna@example.com"}],
    ),
    "Thunderbird": (
        new(
            "EMAIL;PREF=1:anna@example.com",
            "EMAIL:a@example.com",
            "FN:Anna Kot",
            "N:Kot;Anna;;;",
            "TEL;TYPE=work;VALUE=TEXT:221234567",
            "TEL;TYPE=fax;VALUE=TEXT:221234568",
            "TEL;TYPE=cell;VALUE=TEXT:500600700",
            "ORG:ABC;Dział",
            "X-CUSTOM1;VALUE=TEXT:a",
            "UID:1",
        ),
        [KOT | {"company": "ABC", "email": "anna@example.com"}],
    ),
    "Nextcloud": (
        new(
            "PRODID:-//Nextcloud Contacts v5.5.3",
            "UID:1",
            "FN:Anna Kot",
            "ADR;TYPE=HOME:;;;;;;",
            "EMAIL;TYPE=HOME:anna@example.com",
            "TEL;TYPE=HOME,VOICE:22 123 45 67",
            'TEL;TYPE="CELL,VOICE":500 600 700',
            "CATEGORIES:VIP,Klub",
            "REV;VALUE=DATE-AND-OR-TIME:20240102T030405Z",
            "N:Kot;Anna;;;",
        ),
        [KOT | {"email": "anna@example.com", "groups": ("VIP", "Klub")}],
    ),
    "khard": (
        card(
            "CATEGORIES:VIP",
            "EMAIL;TYPE=home:anna@example.com",
            "FN:Anna Kot",
            "N:Kot;Anna;;;",
            "ORG:ABC",
            "REV:20240102T030405Z",
            "TEL;TYPE=cell,pref:500600700",
            "TEL;TYPE=work:221234567",
            "UID:1",
        ),
        [KOT | {"company": "ABC", "email": "anna@example.com", "groups": ("VIP",)}],
    ),
    "old Android": (
        old(
            f"N;{QP}:=C5=BB=C3=B3=C5=82w;Zofia;;;",
            f"FN;{QP}:Zofia =C5=BB=C3=B3=C5=82w",
            "TEL;HOME:22-123-45-67",
            "TEL;CELL:500-600-700",
            "EMAIL;HOME:z@example.com",
            f"NOTE;{QP}:=C5=BB=C3=\r\n=B3",
        ),
        [ZOFIA | {"email": "z@example.com"}],
    ),
}
