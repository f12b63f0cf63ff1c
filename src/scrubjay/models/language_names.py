"""Languages by the English names that servers of Whisper models give them."""

from __future__ import annotations

import re
from typing import Final

_NAMED: Final = (
    "en english, zh chinese, de german, es spanish, ru russian, ko korean, fr french, ja "
    "japanese, pt portuguese, tr turkish, pl polish, ca catalan, nl dutch, ar arabic, sv swedish, "
    "it italian, id indonesian, hi hindi, fi finnish, vi vietnamese, he hebrew, uk ukrainian, el "
    "greek, ms malay, cs czech, ro romanian, da danish, hu hungarian, ta tamil, no norwegian, th "
    "thai, ur urdu, hr croatian, bg bulgarian, lt lithuanian, la latin, mi maori, ml malayalam, "
    "cy welsh, sk slovak, te telugu, fa persian, lv latvian, bn bengali, sr serbian, az "
    "azerbaijani, sl slovenian, kn kannada, et estonian, mk macedonian, br breton, eu basque, is "
    "icelandic, hy armenian, ne nepali, mn mongolian, bs bosnian, kk kazakh, sq albanian, sw "
    "swahili, gl galician, mr marathi, pa punjabi, si sinhala, km khmer, sn shona, yo yoruba, so "
    "somali, af afrikaans, oc occitan, ka georgian, be belarusian, tg tajik, sd sindhi, gu "
    "gujarati, am amharic, yi yiddish, lo lao, uz uzbek, fo faroese, ht haitian, ps pashto, tk "
    "turkmen, nn nynorsk, mt maltese, sa sanskrit, lb luxembourgish, my myanmar, bo tibetan, tl "
    "tagalog, mg malagasy, as assamese, tt tatar, haw hawaiian, ln lingala, ha hausa, ba bashkir, "
    "jw javanese, su sundanese, yue cantonese, zh mandarin, my burmese, es castilian, nl flemish, "
    "ps pushto, pa panjabi, ro moldavian, si sinhalese, ca valencian, lb letzeburgesch "
)
CODES: Final = {name: code for code, name in (pair.split() for pair in _NAMED.strip().split(", "))}
"""English name -> code: Whisper's languages and their other names (its `tokenizer.py`)."""

_CODE = re.compile(r"[a-z]{2,3}")


def language_of(said: object) -> str | None:
    """The code of what a server calls a language: `de` of `de`, `de-DE`, `German`; else None."""
    if not isinstance(said, str):
        return None
    first = re.split(r"[-_ ]", said.strip().lower(), maxsplit=1)[0]
    return CODES.get(first) or (first if _CODE.fullmatch(first) else None)
