"""Names of keys: as a person writes them (".", "F3", "^p", "PgUp"), as Textual has them, and as the screen shows them."""

from __future__ import annotations

import re
import unicodedata

# What an unshifted key types is the key, for us; Textual names signs after Unicode, but for these.
SHORT_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
SPELLINGS = {
    "esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "pgdown": "pagedown", "del": "delete", "ins": "insert",
    "spacebar": "space", "↑": "up", "↓": "down", "←": "left", "→": "right", "⇧tab": "shift+tab",
}  # fmt: skip
NAMED = {
    "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace", "enter", "tab", "escape", "space",
    *(f"f{n}" for n in range(1, 25)),
}  # fmt: skip
SAME_BYTES = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+[": "escape"}
LABELS = {"escape": "esc", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End"}


def key_name(text: str) -> str:
    """Textual's name of a key. ValueError that says what is wrong with it and what to write."""
    if len(text) == 1 and text not in SPELLINGS:
        if text == " ":
            return "space"
        if not text.isprintable():
            raise ValueError(f"{text!r} is no key that can be written here")
        return text if text.isalnum() else _name_of_sign(text)
    *modifiers, name = text.replace("^", "ctrl+", 1).split("+") if len(text) > 1 else [text]
    modifiers = sorted(
        {"control": "ctrl", "option": "alt"}.get(m.strip().lower(), m.strip().lower()) for m in modifiers
    )
    name = name.strip()
    key = SPELLINGS.get(name.lower(), name if len(name) == 1 else name.lower())
    if "+" in key:  # "⇧tab" is a key and a modifier
        *more, key = key.split("+")
        modifiers += more
    for modifier in modifiers:
        if modifier not in ("ctrl", "shift", "alt"):
            raise ValueError(_unknown(text))
    if key in NAMED:
        return "+".join([*modifiers, key])
    if len(key) != 1:
        if modifiers or not _is_sign(key):
            raise ValueError(_unknown(text))
        return key
    if modifiers == ["shift"] and key.isalpha():
        return key.upper()
    if modifiers in (["ctrl"], ["alt"]) and re.fullmatch("[A-Za-z]", key):
        full = f"{modifiers[0]}+{key.lower()}"
        if full in SAME_BYTES:
            raise ValueError(f"a terminal sends the same for {full} as for {SAME_BYTES[full]}; choose another key")
        if full == "ctrl+q":
            raise ValueError("ctrl+q always quits; choose another key")
        return full
    raise ValueError(_unknown(text))


def shown_key(key: str) -> str:
    """A key of Textual's as a person reads it: ".", "F3", "^p", "esc"."""
    if match := re.fullmatch("ctrl[+]([a-z])", key):
        return "^" + match[1]
    if re.fullmatch("f[0-9]+", key):
        return key.upper()
    return LABELS.get(key) or _sign_of_name(key) or key


def _name_of_sign(sign: str) -> str:
    name = unicodedata.name(sign, "").lower().replace("-", "_").replace(" ", "_")
    return SHORT_NAMES.get(name, name or sign)


def _sign_of_name(name: str) -> str:
    return next((sign for sign in SIGNS if _name_of_sign(sign) == name), "")


def _is_sign(name: str) -> bool:
    return bool(_sign_of_name(name))


SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def _unknown(text: str) -> str:
    from tui_nn.scenario.errors import nearest, shown

    known = [*NAMED, *(spelling for spelling in SPELLINGS if spelling.isascii())]
    bare = text.lower().rpartition("+")[2]
    match = nearest(bare, known)
    cure = (
        f"did you mean {match!r}?" if match else "write a letter, a digit, a sign, or a name like F3, space, up, ctrl+k"
    )
    return f"unknown key {shown(text)}; {cure}"
