"""Layouts that reading is taught on."""

from __future__ import annotations

import numpy as np

from scrubjay.media.panels import products
from scrubjay.media.panels.drawing import Manner, draw_measured
from scrubjay.media.panels.label import Label, doubled, headed, noise, nutrition, pick
from scrubjay.media.panels.pictograms import pictogram
from scrubjay.media.panels.products import Amount, Print
from scrubjay.media.panels.sheet import Sheet

ORDERS = (
    ("width", "height", "depth"),
    ("depth", "width", "height"),
    ("width", "depth", "height"),
)

MANNER = Manner(arrows=True, dotted=False, letters=0.25, furniture=False)


def pack_front(random: np.random.Generator, printed: Print) -> Label:
    """The front of a pack: a name, a claim, and what is in it at the bottom."""
    words = printed.words
    sheet = Sheet(random, words, (int(random.integers(400, 520)), int(random.integers(430, 560))))
    y = headed(sheet, words, 26)
    size = int(random.integers(18, 25))
    facts: dict[str, Amount | None] = {}
    made = noise(sheet, words, [(30, y + 14), (190, y + 66), (40, y + 118)], size - 2)
    liquid = random.random() < 0.5
    amount = products.volume(random) if liquid else products.weight(random)
    name = "item_volume" if liquid else "item_weight"
    facts[name] = amount
    before = pick(random, words.phrases[name if random.random() < 0.5 else "net"])
    before = "" if random.random() < 0.3 else before + pick(random, (" ", ": "))
    text = before + doubled(random, printed, amount)
    where = random.random()
    anchor, x = ("ma", sheet.width / 2) if where < 0.5 else ("la", 26.0)
    sheet.text(x, sheet.height - 3.2 * size, text, size, bold=True, anchor=anchor)
    return Label(sheet, facts, frozenset({"distractors"} if made else ()))


def spec_table(random: np.random.Generator, printed: Print) -> Label:
    """A table of a name and a value a row."""
    words = printed.words
    size = int(random.integers(16, 22))
    facts: dict[str, Amount | None] = {}
    rows: list[tuple[str, str]] = []
    heavy = products.weight(random, heavy=True)
    if random.random() < 0.75:
        facts["item_weight"] = heavy
        rows.append((pick(random, words.phrases["item_weight"][2:4]), printed.amount(heavy)))
    if random.random() < 0.4:
        facts["maximum_weight_recommendation"] = carried = products.load(random, heavy)
        name = pick(random, words.phrases["maximum_weight_recommendation"])
        rows.append((name, printed.amount(carried)))
    if random.random() < 0.45:
        facts["voltage"] = volts = products.voltage(random, battery=bool(random.random() < 0.5))
        rows.append((pick(random, words.phrases["voltage"]), printed.amount(volts)))
    if random.random() < 0.45:
        facts["wattage"] = watts = products.wattage(random)
        rows.append((pick(random, words.phrases["wattage"]), printed.amount(watts)))
    if random.random() < 0.3:
        facts["item_volume"] = litres = products.volume(random, large=True)
        name = pick(random, words.phrases["item_volume"])
        rows.append((name, printed.amount(litres)))
    sides = products.sides(random)
    drawn = random.random()
    if drawn < 0.45:
        facts |= sides
        rows.append(_size_row(random, printed, sides))
    elif drawn < 0.75:
        some = [name for name in products.LENGTHS if random.random() < 0.7]
        facts |= {name: sides[name] for name in some}
        rows += [(words.phrases[name][0], printed.amount(sides[name])) for name in some]
    traps = [
        ("Cable length", f"{random.integers(1, 4)}.{random.integers(0, 10)} m"),
        (words.phrases["gross"][0], f"{heavy.value * 1.2:.1f} {printed.unit(heavy.unit)}"),
        ("Warranty", "2 years"),
        ("Model", sheet_model(random)),
        ("Frequency", "50 Hz"),
        ("Noise", f"{random.integers(30, 80)} dB"),
    ]
    hard = [trap for trap in traps if random.random() < 0.4]
    rows += hard
    random.shuffle(rows)
    width = int(random.integers(470, 600))
    step = round(1.75 * size)
    sheet = Sheet(random, words, (width, 70 + step * max(len(rows), 3)), pale=True)
    sheet.text(18, 14, pick(random, words.goods), size + 5, bold=True)
    longest = max((sheet.font(size).getlength(name) for name, _ in rows), default=0.0)
    middle = max(int(random.integers(190, 240)), round(longest) + 40)
    for at, (name, value) in enumerate(rows):
        y = 56 + at * step
        sheet.text(18, y, name + (":" if random.random() < 0.3 else ""), size)
        sheet.text(middle, y, value, size)
        sheet.pen.line((14, y + step - 5, width - 14, y + step - 5), fill=(150, 150, 150))
    return Label(sheet, facts, frozenset({"distractors"} if hard else ()))


def _size_row(
    random: np.random.Generator, printed: Print, sides: dict[str, Amount]
) -> tuple[str, str]:
    """Three sides in one row, their order said in one of several ways."""
    order = ORDERS[int(random.integers(len(ORDERS)))]
    unit = printed.unit(sides["width"].unit)
    values = [printed.number(sides[name].value) for name in order]
    letters = [
        "L" if name == "depth" and order[0] == "depth" else name[0].upper() for name in order
    ]
    name = pick(random, printed.words.phrases["size"])
    how = random.random()
    if how < 0.4:
        return f"{name} ({' x '.join(letters)})", f"{' x '.join(values)} {unit}"
    if how < 0.7:
        pairs = zip(letters, values, strict=True)
        return name, f"{' x '.join(f'{letter}{value}' for letter, value in pairs)} {unit}"
    pairs = zip(letters, values, strict=True)
    return name, f"{' x '.join(f'{value}{letter}' for letter, value in pairs)} {unit}"


def sheet_model(random: np.random.Generator) -> str:
    """A model's name that ends in what may look like a unit."""
    letters = "".join(random.choice(list("ABCDEFKLMX"), 2))
    return f"{letters}-{int(random.integers(10, 999))}{pick(random, ('', 'W', 'V', 'G', ' Pro'))}"


def rating_plate(random: np.random.Generator, printed: Print) -> Label:
    """The plate of a machine or the print of a power supply."""
    words = printed.words
    size = int(random.integers(16, 22))
    sheet = Sheet(random, words, (int(random.integers(380, 500)), 12 * size + 60), pale=True)
    sheet.pen.rectangle((6, 6, sheet.width - 7, sheet.height - 7), outline=sheet.ink, width=2)
    facts: dict[str, Amount | None] = {}
    lines = [pick(random, words.brands), sheet.serial()]
    if random.random() < 0.5:
        universal = random.random() < 0.7
        volts = products.voltage(random, battery=True)
        lines.append(f"INPUT: {'100-240V' if universal else '230V'}~ 50/60Hz 0.5A")
        if random.random() < 0.8 or not universal:
            lines.append(f"OUTPUT: {printed.amount(volts)} {random.integers(1, 6)}A")
            facts["voltage"] = volts
        else:
            facts["voltage"] = None
    else:
        facts["voltage"] = volts = products.voltage(random)
        mark = pick(random, ("~", " AC", ""))
        lines.append(f"{pick(random, ('', 'Input: '))}{printed.amount(volts)}{mark} 50 Hz")
    if random.random() < 0.7:
        facts["wattage"] = watts = products.wattage(random)
        lines.append(f"{pick(random, ('', 'Power: ', 'Max. '))}{printed.amount(watts)}")
    if random.random() < 0.35:
        facts["item_weight"] = weighed = products.weight(random, heavy=True)
        lines.append(f"Weight {printed.amount(weighed)}")
    lines += [one for one in words.remarks if random.random() < 0.35]
    for at, line in enumerate(lines[:8]):
        sheet.text(22, 20 + round(1.5 * size) * at, line, size, bold=at == 0)
    return Label(sheet, facts, frozenset({"distractors"}))


def arrows(random: np.random.Generator, printed: Print) -> Label:
    """A drawing with arrows from edge to edge, its numbers without words."""
    words = printed.words
    sheet = Sheet(random, words, (int(random.integers(430, 560)),) * 2, pale=True)
    size = int(random.integers(17, 23))
    sides = products.sides(random)
    keep = [name for name in products.LENGTHS if random.random() < 0.85] or ["height"]
    facts: dict[str, Amount | None] = {name: sides[name] for name in keep}
    below = sheet.height - (2.6 * size if random.random() < 0.5 else 0)
    if below < sheet.height:
        facts["item_weight"] = heavy = products.weight(random, heavy=True)
        sheet.text(20, below, f"Weight: {printed.amount(heavy)}", size)
    head = 10
    if random.random() < 0.5:
        sheet.text(20, 10, pick(random, words.goods), size + 6, bold=True)
        head = 46
    box = (70, head + 10, sheet.width - 70, below - 10)
    draw_measured(sheet, printed, {name: sides[name] for name in keep}, box, MANNER, size)
    return Label(sheet, facts, frozenset({"drawing"}))


def pictogram_strip(random: np.random.Generator, printed: Print) -> Label:
    """A row of pictograms with a number under each."""
    words = printed.words
    sheet = Sheet(random, words, (int(random.integers(480, 620)), int(random.integers(240, 320))))
    size = int(random.integers(17, 23))
    facts = pictogram_facts(random)
    sheet.text(22, 14, pick(random, words.goods), size + 8, bold=True)
    step = sheet.width / max(len(facts), 2)
    y = sheet.height / 2 + 4
    for at, (name, amount) in enumerate(facts.items()):
        x = step * (at + 0.5)
        pictogram(sheet, name, x, y, 2.6 * size, filled=False, ink=sheet.ink)
        sheet.text(x, y + 2.3 * size, printed.amount(amount), size, anchor="mm")
    return Label(sheet, dict(facts), frozenset({"pictograms"}))


def pictogram_facts(random: np.random.Generator) -> dict[str, Amount]:
    """Measures that pictograms tell, in any order; most often a weight or a load is among them."""
    heavy = products.weight(random, heavy=True)
    drawn = random.random()
    facts: dict[str, Amount] = {}
    if drawn < 0.75:
        facts["item_weight"] = heavy
    if drawn > 0.3:
        facts["maximum_weight_recommendation"] = products.load(random, heavy)
    if random.random() < 0.5:
        facts["item_volume"] = products.volume(random, large=True)
    if random.random() < 0.5:
        facts["voltage"] = products.voltage(random)
    if random.random() < 0.5:
        facts["wattage"] = products.wattage(random)
    names = list(facts)
    random.shuffle(names)
    return {name: facts[name] for name in names[:4]}


def pack_back(random: np.random.Generator, printed: Print) -> Label:
    """The back of a pack: nutrition facts, a date, a barcode, and what is in it."""
    words = printed.words
    size = int(random.integers(15, 20))
    sheet = Sheet(random, words, (int(random.integers(400, 500)), 21 * size + 130), pale=True)
    liquid = random.random() < 0.35
    name = "item_volume" if liquid else "item_weight"
    amount = products.volume(random) if liquid else products.weight(random)
    text = f"{pick(random, words.phrases[name][:2])} {doubled(random, printed, amount)}"
    first = random.random() < 0.4
    sheet.text(20, 12, text if first else pick(random, words.goods), size + 4, bold=True)
    y = nutrition(sheet, words, 20, 26 + 2 * size, size)
    if not first:
        sheet.text(20, y, text, size + 2, bold=True)
        y += 2 * size
    sheet.text(20, y, sheet.date(), size)
    sheet.barcode(24, y + 2 * size, 130, 40)
    return Label(sheet, {name: amount}, frozenset({"distractors", "nutrition"}))


def captions(random: np.random.Generator, printed: Print) -> Label:
    """Numbers in a row or two, what each is in small letters over or under it."""
    words = printed.words
    size = int(random.integers(19, 26))
    facts = _some_facts(random, int(random.integers(2, 5)))
    sheet = Sheet(random, words, (int(random.integers(500, 660)), int(random.integers(220, 300))))
    under = random.random() < 0.6
    across = min(len(facts), 3)
    sheet.text(20, 12, pick(random, words.goods), size + 2, bold=True)
    for at, (name, amount) in enumerate(facts.items()):
        x = sheet.width * (at % across + 0.5) / across
        y = 80 + 95 * (at // across)
        low, high = (y, y + 1.5 * size) if under else (y + 1.2 * size, y)
        sheet.text(x, low, printed.amount(amount), size, bold=True, anchor="mm")
        name_size = max(12, round(0.7 * size))
        sheet.text(x, high, pick(random, words.phrases[name]), name_size, anchor="mm")
    return Label(sheet, dict(facts))


def callouts(random: np.random.Generator, printed: Print) -> Label:
    """Short sentences about a product, here and there around it."""
    words = printed.words
    size = int(random.integers(17, 23))
    facts = _some_facts(random, int(random.integers(2, 5)))
    sheet = Sheet(random, words, (int(random.integers(440, 560)),) * 2)
    middle = sheet.width / 2
    sheet.pen.rounded_rectangle(
        (middle - 60, middle - 80, middle + 60, middle + 80), 12, outline=sheet.ink, width=3
    )
    places = [(20, 70), (middle - 20, 30), (20, sheet.height - 90), (middle, sheet.height - 45),
              (20, 130)]  # fmt: skip
    for place, (name, amount) in zip(places, facts.items(), strict=False):
        text = pick(random, words.sentences[name]).format(printed.amount(amount))
        sheet.text(*place, text, size)
    made = noise(sheet, words, [(20, sheet.height - 140)], size - 2)
    return Label(sheet, dict(facts), frozenset({"distractors"} if made else ()))


def _some_facts(random: np.random.Generator, number: int) -> dict[str, Amount]:
    heavy = products.weight(random, heavy=True)
    known = {
        "item_weight": heavy,
        "maximum_weight_recommendation": products.load(random, heavy),
        "item_volume": products.volume(random, large=True),
        "voltage": products.voltage(random),
        "wattage": products.wattage(random),
        **products.sides(random),
    }
    names = list(known)
    random.shuffle(names)
    return {name: known[name] for name in names[:number]}


LAYOUTS = (
    *(pack_front, spec_table, rating_plate, arrows),
    *(pictogram_strip, pack_back, captions, callouts),
)
"""All of them; each is as likely as the others."""
