"""The world the built-in model knows: things, shapes, counts, places and signs, drawn and spoken.

Everything here is made from code, a sheet of glyphs and espeak-ng; nothing is downloaded.
"""
