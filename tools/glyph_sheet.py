"""Draw the sheet of glyphs that the package ships, from an installed Noto Color Emoji.

python tools/glyph_sheet.py /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scrubjay.media.world import glyphs
from scrubjay.media.world.things import things

FONT_SIZE = 109
"""The one size of the font's bitmaps."""
OUT = Path(glyphs.__file__).with_name(glyphs.SHEET)


def main(font_file: str) -> None:
    """Write the sheet beside the module that reads it."""
    font = ImageFont.truetype(font_file, FONT_SIZE)
    kinds = things()
    rows = -(-len(kinds) // glyphs.COLUMNS)
    sheet = Image.new("RGBA", (glyphs.COLUMNS * glyphs.SIDE, rows * glyphs.SIDE))
    for at, thing in enumerate(kinds):
        large = Image.new("RGBA", (160, 160))
        ImageDraw.Draw(large).text((10, 10), thing.glyph, font=font, embedded_color=True)
        box = large.getbbox()
        if box is None:
            sys.exit(f"{font_file} has no picture of {thing.glyph} ({thing.name})")
        drawn = large.crop(box)
        scale = glyphs.SIDE / max(drawn.size)
        size = (max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale)))
        row, column = divmod(at, glyphs.COLUMNS)
        sheet.paste(
            drawn.resize(size, Image.Resampling.LANCZOS),
            (column * glyphs.SIDE, row * glyphs.SIDE),
        )
    sheet.save(OUT, lossless=True, method=6, exact=False)
    sys.stdout.write(f"{OUT}: {len(kinds)} glyphs, {OUT.stat().st_size / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main(sys.argv[1])
