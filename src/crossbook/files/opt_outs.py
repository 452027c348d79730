"""Recognise the columns of a file that say who may get messages, and read their cells: an opt-out is never ignored.

A title is matched by the words in it, because programs and people spell these titles in many ways: "doNotContact",
"Unsubscribed from all email" (HubSpot), "Email Marketing Consent" (Klaviyo), "Zgoda SMS", "Einwilligung Newsletter".
The words are in English, Polish, German, French, Spanish, Italian, Portuguese, Dutch, Czech, Norwegian, Danish and
Swedish.

Three kinds of columns exist. "opted_out": yes means that the contact gets no messages. "opted_in": yes means that it
may get messages. "status": a word says it (unsubscribed, active). A title with a channel is about that channel only.

Some titles alone do not say what they are about: "Estado" is a status or the state of an address, "SMS" a consent or a
phone, "Subscriber" a consent or an e-mail address. Their cells decide (`find_disproved`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, get_args

from attrs import frozen

from crossbook.errors import InvalidInputError
from crossbook.models import Channel

CHANNELS: frozenset[Channel] = frozenset(get_args(Channel))
_NO_CHANNELS: frozenset[Channel] = frozenset()
Kind = Literal["opted_out", "opted_in", "status", "opted_out_time"]

# Parts of titles, reduced as by `_reduce`. A title with an opt-out part is an opt-out, also if it has a consent part
# ("consent withdrawn", "kein Newsletter").
_OPT_OUT_PARTS = (
    # English, and the names of HubSpot, Salesforce, Dynamics, Zoho, Mailchimp, Klaviyo, Brevo and listmonk
    "unsubscrib", "unsub", "optout", "optedout", "optingout", "donotcontact", "donotcall", "donotemail", "donotmail",
    "donotsms", "donottext", "donotbulkemail", "donotphone", "donotallow", "donotsend", "donotmarket", "dontcontact",
    "dontemail", "dontcall", "nocontact", "nomarketing", "nonewsletter", "noemail", "nosms", "nomailing", "noconsent",
    "consentwithdrawn", "withdrawn", "revoked", "blacklist", "blocklist", "suppress", "bounced", "complained",
    "robinson", "donotdisturb", "stopsms", "stopemail", "stopmail", "stopmarketing", "stopnewsletter",
    # Polish
    "wypis", "rezygnac", "zrezygnowa", "sprzeciw", "usunietyzlisty", "usunietazlisty", "niekontaktowa", "niewysyla",
    "niedzwoni", "brakzgody", "bezzgody",
    "czarnalista", "nieczarnalist", "cofniet", "cofniec", "wycofan", "odwolan", "zablokowan",
    # German
    "abgemeldet", "abmeld", "abbestell", "werbesperre", "sperrliste", "widerspr", "widerruf", "nichtkontakt",
    "kontaktsperre", "keinewerbung", "keinewerbe", "keinnewsletter", "keineemail", "keinemail", "keinesms",
    "keinkontakt", "keinenkontakt", "kontaktverbot", "werbeverbot", "keineeinwilligung", "keinezustimmung",
    "ausgetragen", "nichtanrufen", "mailsperre", "smssperre",
    # French
    "desabonn", "desinscri", "opposition", "nepascontacter", "nepasappeler", "nepasenvoyer", "listenoire",
    "refussms", "refusemail", "refusmail", "refusnewsletter", "refusprosp", "refusdeprosp", "refusderecevoir",
    "stoppub",
    # Spanish, Italian, Dutch
    "dadodebaja", "dadadebaja", "dardebaja", "desuscri", "nocontactar", "noenviar", "nollamar", "nomolestar",
    "rechazasms", "rechazaemail", "rechazapubli", "suscripcioncancelada", "listanegra", "sinconsentimiento",
    "oposicional", "disiscri", "noncontattare", "nonchiamare", "noninviare", "nondisturbare", "listanera",
    "opposizione", "consensonegato", "consensorevocato", "revocaconsenso", "senzaconsenso", "rifiutasms",
    "rifiutaemail",
    "uitgeschreven", "afgemeld", "nietcontacteren", "nietmailen", "nietbellen",
    # Portuguese
    "descadastr", "cancelouinscri", "cancelouainscri", "inscricaocancelada", "subscricaocancelada", "cancelousubscri",
    "cancelouasubscri", "anulousubscri", "anulouasubscri", "naocontactar", "naocontatar", "naoenviar", "naoligar",
    "naoperturb", "naoreceber", "naoquerreceber", "naoaceita", "naoautoriza", "semconsentimento", "recusasms",
    "recusaemail", "recusamarketing", "recusareceber", "oposicaoa", "saiudalista", "removidodalista",
    # Czech, Norwegian, Danish, Swedish
    "odhlasen", "nekontaktovat", "nezasilat", "nechcesms", "nechcemail", "nechceemail", "nechceodber", "avmeldt",
    "afmeldt", "avanmald", "avregistrer", "ikkekontakt",
    "kontaktikke", "kontaktaej", "reservert",
)  # fmt: skip
_OPT_OUT_TITLES = (
    "stop", "dnc", "dnd", "baja", "blocked", "isblocked", "gesperrt", "cleaned", "rgpdopposition", "bloqueado",
    "bloqueada", "bloccato", "bloque",
    "deaktiviert", "deactivated",  # CleverReach: the time of it
)  # fmt: skip
_CONSENT_PARTS = (
    "consent", "optin", "emailoptin", "smsoptin", "marketingoptin", "newsletteroptin", "doubleoptin", "optedin",
    "optingin", "subscribed", "acceptsmarketing", "acceptsemail", "acceptssms",
    "acceptmarketing", "acceptemail", "acceptsms", "marketingallowed", "allowmarketing", "allowemail", "allowsms",
    "allowcontact", "maycontact", "cancontact", "contactallowed", "emailallowed", "smsallowed", "permission", "gdpr",
    "newsletter", "receivesms", "receiveemail", "receivemarketing", "receivesmarketing",
    "zgoda", "zgody", "rodo", "biuletyn", "zapisan", "subskrybuje",
    "einwilligung", "eingewilligt", "zustimmung", "zugestimmt", "einverstand", "werbeerlaubnis", "werbungerlaubt",
    "kontakterlaubnis", "erlaubnis", "dsgvo", "abonniert", "werbungok",
    "consentement", "acceptelesemail", "acceptelessms", "inscrit", "rgpd", "infolettre",
    "consentimiento", "suscrit", "aceptapubli", "aceptarecibir", "aceptasms", "aceptaemail", "aceptacorreo",
    "aceptamarketing", "aceptacomunica", "autorizasms", "autorizaemail", "autorizamarketing", "autorizacomunica",
    "autorizaenvi", "autorizarec", "autorizacont", "recibirsms", "recibiremail", "recibircorreo", "boletin", "lopd",
    "consenso", "iscritt", "accettasms", "accettaemail", "accettamarketing", "accettacomunica", "autorizzasms",
    "autorizzaemail", "autorizzamarketing", "riceveresms", "ricevereemail", "trattamentodati", "toestemming",
    "consentimento", "aceitasms", "aceitaemail", "aceitamarketing", "aceitareceber", "aceitacomunica", "aceitacontat",
    "aceitacontact", "aceitapubli", "aceitanewsletter", "receberemail", "recebersms", "recebernovidade",
    "recebercomunica", "receberpromo", "permissao", "subscrito", "subscrita", "boletim", "lgpd",
    "nieuwsbrief", "ingeschreven", "souhlas", "odbernovin", "odberzprav", "odebira", "zpravodaj",
    "samtykke", "nyhetsbrev", "nyhedsbrev", "samtycke",
    "tilmeldt", "pameldt",
)  # fmt: skip
_CONSENT_TITLES = (
    "abonne", "abonnee", "angemeldet", "prihlasen", "iscritto", "issubscriber", "marketing",
    "marketingsms", "smsmarketing", "marketingemail", "emailmarketing", "marketingemails", "marketingmail",
)  # fmt: skip
# Titles whose cells decide what they are about: those of an address's state, of e-mail addresses and of phones too.
_UNSURE_TITLES: Mapping[str, Kind] = {
    "estado": "status", "stato": "status", "situacao": "status", "situacion": "status", "situazione": "status",
    **dict.fromkeys((
        "active", "isactive", "enabled", "aktywny", "aktywna", "aktywni", "czyaktywny", "aktiv", "istaktiv", "actif",
        "activo", "activa", "attivo", "attiva", "ativo", "ativa", "actief", "aktivni", "sms", "subscriber",
        "subskrybent", "abonnent", "suscriptor", "assinante",
    ), "opted_in"),
    **dict.fromkeys((
        "inactive", "isinactive", "disabled", "isdisabled", "nieaktywny", "nieaktywna", "inaktiv", "inactif",
        "inactivo", "inactiva", "inattivo", "inattiva", "inativo", "inativa", "inactief",
    ), "opted_out"),
}  # fmt: skip
_STATUS_WORDS = frozenset(("status", "statut", "stav", "stato", "estado", "situacao"))
_STATES = frozenset(("stato", "estado", "situacao"))  # alone, these may be the state of an address
# With these words, a title with "status" is about messages: "Email status", "Subscription status".
_STATUS_CONTEXT = frozenset((
    "e", "email", "mail", "mailing", "sms", "push", "subscription", "subscriber", "subscribe", "sub", "contact",
    "member", "marketing", "newsletter", "list", "consent", "subskrypcji", "subskrybenta", "kontaktu", "kontakt",
    "kontakts", "abonnement", "abonnent", "abonnenten", "abonne", "abonnenta", "is", "of", "the", "current",
    "iscrizione", "contatto", "suscripcion", "suscriptor", "contacto", "de", "del", "la", "assinante", "assinatura",
    "inscricao", "subscricao", "contato", "person", "da", "do",
))  # fmt: skip
_STATUS_TITLES = frozenset(f"{word}status" for word in _STATUS_CONTEXT if len(word) > 2)
# Words of titles that are about a consent, and do not say whether it exists.
_METADATA = frozenset((
    "ip", "url", "link", "source", "zrodlo", "quelle", "tresc", "version", "wersja", "by", "method",
    "metoda", "form", "formularz", "id", "token", "hash", "latitude", "longitude", "country", "document", "page",
    "note", "notes", "channel", "category", "language", "count", "number", "origem", "origen", "fonte", "por",
))  # fmt: skip
_TIME = frozenset((
    "time", "timestamp", "date", "at", "on", "data", "czas", "datum", "zeit", "am", "le", "fecha", "dato", "when",
    "kiedy", "since", "od", "seit", "reason", "powod", "grund", "campaign", "title", "motivo", "hora", "quando",
))  # fmt: skip
_CHANNEL_WORDS: Mapping[str, Channel] = {
    "sms": "sms", "text": "sms", "texts": "sms", "mms": "sms", "phone": "sms", "call": "sms", "calls": "sms",
    "telefon": "sms", "telefonicznie": "sms", "telefonu": "sms", "dzwonic": "sms", "telefone": "sms", "ligar": "sms",
    "ligacoes": "sms", "chamadas": "sms", "telefono": "sms", "llamar": "sms", "llamadas": "sms", "chiamate": "sms",
    "chiamare": "sms",
    "email": "email", "emails": "email", "mail": "email", "mails": "email", "mailing": "email", "emailing": "email",
    "newsletter": "email", "mailem": "email", "bulkemails": "email", "courriel": "email", "correo": "email",
    "correio": "email",
    "push": "push",
}  # fmt: skip
_CHANNEL_PARTS: Mapping[str, Channel] = {
    "sms": "sms", "donotcall": "sms", "donottext": "sms", "donotphone": "sms", "email": "email", "newsletter": "email",
    "nieuwsbrief": "email", "nyhetsbrev": "email", "nyhedsbrev": "email", "infolettre": "email", "boletin": "email",
    "boletim": "email", "naoligar": "sms", "nollamar": "sms", "nonchiamare": "sms",
    "biuletyn": "email", "donotmail": "email", "push": "push",
}  # fmt: skip

_WHOLE_WORD = 6  # letters; a shorter part of a title is not looked for inside of a word

_YES = frozenset((
    "true", "yes", "y", "1", "x", "t", "on", "ok", "checked", "✓", "✔", "☑",
    "tak", "prawda", "ja", "wahr", "j", "oui", "vrai", "o", "si", "verdadero", "vero", "waar", "ano", "pravda",
    "sand", "sant", "sann", "sandt", "sim", "verdadeiro",
))  # fmt: skip
_NO = frozenset((
    "false", "no", "n", "0", "f", "off", "unchecked", "☐", "✗", "✘", "nie", "falsz", "nein", "falsch", "non", "faux",
    "falso", "nee", "onwaar", "ne", "nepravda", "nei", "nej", "usann", "falskt", "falsk", "brak", "keine", "kein",
    "none", "nao",
))  # fmt: skip
_OUT = frozenset((
    "unsubscribed", "unsubscribe", "unsub", "optedout", "optout", "out", "blocklisted", "blacklisted", "blocked",
    "donotcontact", "donotallow", "donotemail", "suppressed", "bounced", "bounce", "hardbounced", "hardbounce",
    "softbounced", "cleaned", "complained", "complaint", "complainer", "spam", "spamcomplaint", "junk",
    "unreachable", "undeliverable", "pending", "unconfirmed", "notconfirmed", "neversubscribed", "nonsubscribed",
    "notsubscribed", "notoptedin", "noconsent", "revoked", "withdrawn", "denied", "declined", "refused", "rejected",
    "transactional", "nonmarketing", "nonmarketingcontact", "notallowed", "deleted", "removed",
    "wypisany", "wypisana", "wypisano", "wypisal", "zrezygnowal", "zrezygnowala", "rezygnacja", "zablokowany",
    "zablokowana", "brakzgody", "niezgadzamsie", "odmowa", "wycofana", "cofnieta", "niepotwierdzony", "sprzeciw",
    "niewyrazono", "niewyrazila", "niewyrazil", "niekontaktowac", "odwolana", "niezapisany",
    "abgemeldet", "abbestellt", "ausgetragen", "gesperrt", "widerrufen", "widersprochen", "unbestatigt",
    "nichtbestatigt", "abgelehnt", "nichterteilt", "keineeinwilligung", "verweigert",
    "desabonne", "desabonnee", "desinscrit", "desinscrite", "refuse", "bloque", "oppose", "nonabonne", "noninscrit",
    "baja", "dadodebaja", "desuscrito", "disiscritto", "disiscritta", "cancellato", "cancellata", "uitgeschreven",
    "afgemeld", "odhlasen", "odhlasena", "odhlaseny", "avmeldt", "afmeldt",
    "avregistrerad",
    # No messages reach these, or they have not confirmed. FreshMail writes "Do aktywacji" and "Twardo odbijający się".
    "inactive", "disabled", "suspended", "archived", "notactivated", "activationpending", "pendingactivation",
    "pendingconfirmation", "awaitingconfirmation", "awaitingactivation", "temphold", "notset", "resigned",
    "softbouncing", "hardbouncing", "invalid", "expired", "forgotten",
    "doaktywacji", "nieaktywowany", "nieaktywowana", "nieaktywny", "nieaktywna", "oczekuje", "oczekujacy",
    "oczekujaca", "oczekujenapotwierdzenie", "oczekujenaaktywacje", "niepotwierdzona", "zawieszony", "zawieszona",
    "odpisany", "odpisana", "odbijajacy", "odbijajacysie", "miekkoodbijajacy", "miekkoodbijajacysie",
    "twardoodbijajacy", "twardoodbijajacysie", "odbity", "skarga", "usuniety", "usunieta", "bledny", "koniec",
    "zrezygnowal", "zablokowano",
    "inaktiv", "nichtaktiv", "ausstehend", "geloscht", "blockiert", "deaktiviert", "unzustellbar",
    "inactif", "enattente", "nonconfirme", "nonconfirmee", "supprime", "supprimee", "desactive", "desactivee",
    "inactivo", "inactiva", "cancelado", "cancelada", "bloqueado", "bloqueada", "pendiente", "noconfirmado",
    "dadadebaja", "rebotado", "rechazado", "eliminado", "desuscrita", "nosuscrito",
    "inattivo", "inattiva", "nonattivo", "nonattiva", "annullato", "bloccato", "disattivato", "inattesa",
    "nonconfermato", "sospeso", "rimosso", "revocato", "noniscritto",
    "inativo", "inativa", "descadastrado", "descadastrada", "desinscrito", "removido", "removida", "pendente",
    "naoconfirmado", "rejeitado", "recusado", "anulado", "naoinscrito", "naosubscrito", "semconsentimento",
    "cancelouainscricao", "inactief", "neaktivni",
))  # fmt: skip
_IN = frozenset((
    "subscribed", "subscriber", "optedin", "optin", "in", "active", "enabled", "confirmed", "doubleoptin",
    "singleoptin", "consented", "granted", "given", "accepted", "agreed", "allowed", "allow", "marketing", "valid",
    "marketingcontact",
    "aktywny", "aktywna", "zapisany", "zapisana", "potwierdzony", "potwierdzona", "wyrazona", "wyrazono", "udzielona",
    "zgoda", "zgadzamsie", "zgodatak",
    "aktiv", "angemeldet", "abonniert", "bestatigt", "erteilt", "eingewilligt", "einverstanden", "zugestimmt",
    "actif", "active", "abonne", "abonnee", "inscrit", "inscrite", "confirme", "accepte", "activo", "suscrito",
    "attivo", "iscritto", "actief", "ingeschreven", "aktivni", "prihlasen", "pameldt", "tilmeldt", "prenumerant",
    "explicit", "implicit", "express", "aktivna", "activa", "confirmado", "confirmada", "suscrita", "aceptado",
    "aceptada", "autorizado", "autorizada", "attiva", "confermato", "confermata", "iscritta", "accettato",
    "ativo", "ativa", "inscrito", "inscrita", "subscrito", "subscrita", "aceito", "assinante",
))  # fmt: skip
_LIST = re.compile(r"[\[\](){}\"';,+|]")  # what may stand around the names of channels
_IDENTIFIER = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*_[0-9]+")  # hs_email_optout_8012345
_DATE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}([ T].*)?")
_ZERO_DATE = re.compile(r"0000-00-00.*")
# "smsConsent_2" has the words sms, consent and 2.
_WORD = re.compile(r"[A-ZÀ-Þ]?[^\W\d_A-ZÀ-Þ]+|[^\W\d_]+|[0-9]+")
_LONGEST = 200  # characters; a longer title is a text
_SHORTEST_PHONE = 7  # digits
# Most titles have no part at all, and a hostile file has 100,000 titles.
_ANY_PART = re.compile("|".join((
    *_OPT_OUT_PARTS, *_OPT_OUT_TITLES, *_CONSENT_PARTS, *_CONSENT_TITLES, *_STATUS_WORDS, "subscription",
)))  # fmt: skip
_TARGET = re.compile(r"opted_(?:out|in)(?:\.(?P<channels>[a-z+]+))?")


@frozen
class OptOutColumn:
    """What a column says about messages.

    Attributes:
        kind: how a cell is read; see the module. "opted_out_time" is a time or a reason of an opt-out, so that any text
            means an opt-out.
        channels: the channels that the column is about.
        is_guess: whether the meaning was taken from the title. A cell that cannot be read then stops the reading of the
            file. If the caller named the meaning, an empty cell is no opt-out in "opted_out", and no consent in
            "opted_in".
        is_unsure: whether the title may be about something else, so that the cells decide.
    """

    kind: Kind
    channels: frozenset[Channel] = CHANNELS
    is_guess: bool = True
    is_unsure: bool = False

    @property
    def target(self) -> str:
        """The name of this meaning in `corrections`, such as `opted_in.sms`."""
        name = "opted_in" if self.kind == "opted_in" else "opted_out"
        return name if self.channels == CHANNELS else f"{name}.{'+'.join(sorted(self.channels))}"

    def read(self, text: str) -> frozenset[Channel] | None:
        """Return the channels that the cell opts out of. Return None if the cell cannot be read.

        Args:
            text: the cell; "" if it is empty or missing.
        """
        names = frozenset(_LIST.sub(" ", text.casefold()).split())
        if names and names <= CHANNELS and self.kind in ("opted_out", "opted_in"):
            listed: frozenset[Channel] = frozenset(channel for channel in CHANNELS if channel in names)
            return listed if self.kind == "opted_out" else self.channels.difference(listed)
        is_out = self._read(text)
        if is_out is None:
            return None
        return self.channels if is_out else _NO_CHANNELS

    def _read(self, text: str) -> bool | None:
        word = _reduce(text) or text.strip()
        if not word:
            return {"opted_out": False, "opted_out_time": False}.get(
                self.kind, None if self.is_guess else self.kind == "opted_in"
            )
        if word in _OUT:
            return True
        if word in _IN:
            return False
        if word in _YES and self.kind != "status":
            return self.kind != "opted_in"
        if word in _NO and self.kind != "status":
            return self.kind == "opted_in"
        if _ZERO_DATE.fullmatch(text.strip()):
            return False if self.kind.startswith("opted_out") else None
        if self.kind == "opted_out_time" or (self.kind == "opted_out" and _DATE.fullmatch(text.strip())):
            return True
        if self.kind == "opted_in" and _DATE.fullmatch(text.strip()):
            return False
        return None


def classify_title(title: str) -> OptOutColumn | None:
    """Return what a column with this title says about messages, or None if the title is about something else."""
    reduced = _reduce(title)
    if reduced in _UNSURE_TITLES:
        return OptOutColumn(_UNSURE_TITLES[reduced], _find_channels([reduced], reduced), is_unsure=True)
    if "@" in title or len(title) > _LONGEST or not _ANY_PART.search(reduced):
        return None
    words = [_reduce(word) for word in _WORD.findall(unicodedata.normalize("NFC", title))]
    channels = _find_channels(words, reduced)
    rest = {word for word in words if not word.isdigit()}
    if rest & _METADATA:
        return None
    is_opt_out = reduced in _OPT_OUT_TITLES or _has_part(words, _OPT_OUT_PARTS)
    if is_opt_out:
        kind: Kind = "opted_out_time" if rest & (_TIME - {"on", "le", "am"}) else "opted_out"
        return OptOutColumn(kind, channels)
    is_consent = reduced in _CONSENT_TITLES or _has_part(words, _CONSENT_PARTS)
    if (rest & _STATUS_WORDS and not rest <= _STATES) or reduced in _STATUS_TITLES:
        others = rest - _STATUS_WORDS
        if is_consent or others <= _STATUS_CONTEXT or reduced in _STATUS_TITLES:
            return OptOutColumn("status", channels)
        return None
    if is_consent or _is_subscription(reduced, channels):
        return None if rest & (_TIME - {"on", "le", "am", "data", "od"}) else OptOutColumn("opted_in", channels)
    return None


def _has_part(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Return whether a part begins at the begin of a word, or is inside of a word ("Newsletterabmeldung").

    "Domino email" does not contain "no email", and "prodotto" does not contain "rodo".
    """
    ends = ["".join(words[index:]) for index in range(len(words))]
    return any(
        any(end.startswith(part) for end in ends) or (len(part) >= _WHOLE_WORD and any(part in word for word in words))
        for part in parts
    )


def _is_subscription(reduced: str, channels: frozenset[Channel]) -> bool:
    """Return whether a title names a subscription to messages. "Subscription" alone is often a plan that was bought."""
    return "subscription" in reduced and channels != CHANNELS


def _find_channels(words: Sequence[str], reduced: str) -> frozenset[Channel]:
    found: set[Channel] = {_CHANNEL_WORDS[word] for word in words if word in _CHANNEL_WORDS}
    found |= {channel for part, channel in _CHANNEL_PARTS.items() if part in reduced}
    if any(first == "e" and second.startswith("mail") for first, second in pairwise(words)):
        found.add("email")
    return frozenset(found) if found else CHANNELS


def parse_target(target: str) -> OptOutColumn | None:
    """Return what a column does that the caller mapped to `opted_out`, `opted_in`, or `opted_in.sms+email`.

    Return None for any other target.
    """
    match = _TARGET.fullmatch(target)
    if match is None:
        return None
    names = (match["channels"] or "").split("+")
    channels: frozenset[Channel] = CHANNELS if names == [""] else frozenset(c for c in CHANNELS if c in names)
    if names != [""] and len(channels) != len(names):
        return None
    return OptOutColumn("opted_in" if target.startswith("opted_in") else "opted_out", channels, is_guess=False)


def is_numbered_title(title: str) -> bool:
    """Return whether the title is about messages and ends in a number, as HubSpot's `hs_email_optout_8012345` does."""
    return _IDENTIFIER.fullmatch(title) is not None and classify_title(title) is not None


def read_opt_outs(cells: Iterable[tuple[OptOutColumn, str]]) -> frozenset[Channel] | None:
    """Return the channels that a row opts out of, by all its columns together; None if no cell says anything.

    Raises:
        InvalidInputError: a cell cannot be read.
    """
    found: frozenset[Channel] | None = None
    for column, text in cells:
        if not text and column.kind != "opted_in":
            continue
        channels = column.read(text)
        if channels is None:
            raise InvalidInputError(
                f"opted_out must be none, or channels separated by semicolons: {', '.join(sorted(CHANNELS))}; or yes, "
                "or no",
                field="opted_out",
            )
        found = (found or _NO_CHANNELS) | channels
    return found


def find_disproved(
    columns: Sequence[OptOutColumn | None], rows: Iterable[tuple[int, Sequence[str] | str]]
) -> frozenset[int]:
    """Return the indexes of the columns whose titles are unsure, and whose cells are about something else.

    Args:
        columns: what each column says about messages.
        rows: as in `check_opt_outs`.
    """
    unsure = {index: column for index, column in enumerate(columns) if column and column.is_unsure}
    proved: set[int] = set()
    disproved: set[int] = set()
    for _, row in rows if unsure else ():
        if isinstance(row, str):
            continue
        for index, column in unsure.items():
            text = row[index].strip() if index < len(row) else ""
            if "@" in text or (sum(map(str.isdigit, text)) >= _SHORTEST_PHONE and not _DATE.fullmatch(text)):
                disproved.add(index)
            elif text and column.read(text) is not None:
                proved.add(index)
        if len(disproved) == len(unsure):
            break
    return frozenset(unsure.keys() - (proved - disproved))


def check_opt_outs(
    columns: Sequence[tuple[str, OptOutColumn | None]],
    rows: Iterable[tuple[int, Sequence[str] | str]],
    *,
    place: str = "column",
) -> None:
    """Check that each cell can be read, in the columns whose meaning was taken from the title.

    Args:
        columns: the title of each column as it is shown, and what the column says about messages.
        rows: the number of the line of each row, and its cells. A text in place of the cells is skipped.
        place: the word for a column.

    Raises:
        InvalidInputError: a cell cannot be read. The error says how to map the column, and does not show the cell.
    """
    guessed = [(index, title, column) for index, (title, column) in enumerate(columns) if column and column.is_guess]
    if not guessed:
        return
    for line, row in rows:
        if isinstance(row, str) or not any(cell.strip() for cell in row):
            continue
        for index, title, column in guessed:
            text = row[index].strip() if index < len(row) else ""
            if column.read(text) is None:
                raise _make_unclear_error(title, column, line, text, place)


def _make_unclear_error(title: str, column: OptOutColumn, line: int, text: str, place: str) -> InvalidInputError:
    what = "has a value that means neither yes nor no" if text else "is empty"
    empty = "no consent" if column.kind == "opted_in" else "no opt-out"
    name = "TITLE" if title.startswith(f"{place} ") else title
    return InvalidInputError(
        f"{place} {title!r} may say who has opted out, and its cell in line {line} {what}. Correct the cell, or map "
        f'the {place}: corrections={{"{name}": "{column.target}"}} reads empty cells as {empty} and refuses rows with '
        f'other unclear cells; corrections={{"{name}": ""}} ignores the {place}',
        field="map",
    )


def _reduce(text: str) -> str:
    """Return the letters and digits of a text, in small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("ø", "o"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
