"""Layouts that reading is measured on, and never taught."""

from __future__ import annotations

import numpy as np

from scrubjay.media.panels import products
from scrubjay.media.panels.drawing import Manner, draw_measured
from scrubjay.media.panels.label import Label, doubled, headed, noise, nutrition, pick
from scrubjay.media.panels.pictograms import pictogram
from scrubjay.media.panels.products import Amount, Print
from scrubjay.media.panels.sheet import Sheet
from scrubjay.media.panels.taught_layouts import pictogram_facts

MANNER = Manner(arrows=False, dotted=True, letters=0.15, furniture=True)


def badge(random: np.random.Generator, printed: Print) -> Label:
    """A round label of a jar or bottle with a flash beside it."""
    words = printed.words
    side = int(random.integers(440, 540))
    sheet = Sheet(random, words, (side, side))
    inner = (255, 252, 240)
    sheet.pen.ellipse((14, 14, side - 15, side - 15), fill=inner, outline=sheet.ink, width=4)
    ink = (30, 30, 40)
    size = int(random.integers(18, 24))
    middle = side / 2
    sheet.text(middle, 0.2 * side, pick(random, words.brands), size + 12, anchor="mm", bold=True,
               ink=ink)  # fmt: skip
    sheet.text(middle, 0.34 * side, pick(random, words.goods), size + 4, anchor="mm", ink=ink)
    made = 0
    for share in (0.46, 0.56):
        if random.random() < 0.6:
            text = pick(random, (pick(random, words.claims), sheet.date(), sheet.price()))
            sheet.text(middle, share * side, text, size - 3, anchor="mm", ink=ink)
            made += 1
    liquid = random.random() < 0.55
    name = "item_volume" if liquid else "item_weight"
    amount = products.volume(random) if liquid else products.weight(random)
    before = pick(random, words.phrases[name if random.random() < 0.5 else "net"])
    text = ("" if random.random() < 0.35 else before + " ") + doubled(random, printed, amount)
    if random.random() < 0.35 and " " in before and text.startswith(before):
        sheet.text(middle, 0.7 * side, before, size - 2, anchor="mm", ink=ink)
        sheet.text(middle, 0.78 * side, text[len(before) + 1 :], size, anchor="mm", ink=ink)
    else:
        sheet.text(middle, 0.75 * side, text, size, anchor="mm", bold=True, ink=ink)
    return Label(sheet, {name: amount}, frozenset({"distractors"} if made else ()))


def feature_list(random: np.random.Generator, printed: Print) -> Label:
    """Sentences with bullets before them."""
    words = printed.words
    size = int(random.integers(18, 24))
    heavy = products.weight(random, heavy=True)
    known: dict[str, Amount] = {
        "item_weight": heavy,
        "maximum_weight_recommendation": products.load(random, heavy),
        "item_volume": products.volume(random, large=True),
        "voltage": products.voltage(random),
        "wattage": products.wattage(random),
        **products.sides(random),
    }
    names = list(known)
    random.shuffle(names)
    names = names[: int(random.integers(2, 6))]
    lines = [
        pick(random, words.sentences[name]).format(printed.amount(known[name])) for name in names
    ]
    traps = [
        f"Cord of {random.integers(1, 4)}.5 m",
        f"{random.integers(2, 9)} speeds, {random.integers(2, 30)} programmes",
        pick(random, words.claims),
        f"Seat height {random.integers(40, 60)} cm",
        f"Ready in {random.integers(2, 60)} min",
    ]
    hard = [one for one in traps if random.random() < 0.3]
    lines += hard
    random.shuffle(lines)
    step = round(2 * size)
    sheet = Sheet(random, words, (int(random.integers(430, 560)), 110 + step * len(lines)))
    y = headed(sheet, words, 14)
    mark = pick(random, ("• ", "- ", "+ ", ""))
    for line in lines:
        sheet.text(26, y, mark + line, size)
        y += round(1.6 * size)
    facts: dict[str, Amount | None] = {name: known[name] for name in names}
    return Label(sheet, facts, frozenset({"distractors"} if hard else ()))


def cards(random: np.random.Generator, printed: Print) -> Label:
    """Cards in two columns: a large number, and below it what it is."""
    words = printed.words
    size = int(random.integers(22, 30))
    heavy = products.weight(random, heavy=True)
    sides = products.sides(random)
    known: dict[str, Amount] = {
        "item_weight": heavy,
        "maximum_weight_recommendation": products.load(random, heavy),
        "item_volume": products.volume(random, large=True),
        "voltage": products.voltage(random, battery=bool(random.random() < 0.5)),
        "wattage": products.wattage(random),
        **sides,
    }
    names = list(known)
    random.shuffle(names)
    names = names[: int(random.integers(2, 5))]
    entries = [(printed.amount(known[name]), pick(random, words.phrases[name])) for name in names]
    gross = f"{heavy.value * 1.3:.1f} {printed.unit(heavy.unit)}"
    noise_told = f"{random.integers(30, 80)} dB"
    traps = [("12 months", "Guarantee"), (noise_told, "Noise"), (gross, words.phrases["gross"][1])]
    hard = [trap for trap in traps if random.random() < 0.3]
    entries += hard
    random.shuffle(entries)
    rows = (len(entries) + 1) // 2
    sheet = Sheet(random, words, (int(random.integers(440, 560)), 40 + rows * 120))
    for at, (value, name) in enumerate(entries):
        x = sheet.width * (0.25 + 0.5 * (at % 2))
        y = 30 + 120 * (at // 2)
        sheet.pen.rectangle((x - 100, y, x + 100, y + 104), outline=sheet.ink, width=2)
        sheet.text(x, y + 38, value, size, bold=True, anchor="mm")
        sheet.text(x, y + 78, name, round(0.62 * size), anchor="mm")
    facts: dict[str, Amount | None] = {name: known[name] for name in names}
    return Label(sheet, facts, frozenset({"distractors"} if hard else ()))


def strokes(random: np.random.Generator, printed: Print) -> Label:
    """A drawing of furniture whose lines end in strokes."""
    words = printed.words
    sheet = Sheet(random, words, (int(random.integers(440, 580)), int(random.integers(420, 540))),
                  pale=True)  # fmt: skip
    size = int(random.integers(16, 22))
    sides = products.sides(random)
    keep = [name for name in products.LENGTHS if random.random() < 0.85] or ["width"]
    facts: dict[str, Amount | None] = {name: sides[name] for name in keep}
    top = 8.0
    if random.random() < 0.5:
        heavy = products.weight(random, heavy=True)
        carried = products.load(random, heavy)
        facts["maximum_weight_recommendation"] = carried
        text = pick(random, words.sentences["maximum_weight_recommendation"])
        sheet.text(20, 12, text.format(printed.amount(carried)), size)
        top = 2.4 * size
    box = (72.0, top + 10, sheet.width - 72.0, sheet.height - 16.0)
    draw_measured(sheet, printed, {name: sides[name] for name in keep}, box, MANNER, size)
    return Label(sheet, facts, frozenset({"drawing"}))


def pictogram_list(random: np.random.Generator, printed: Print) -> Label:
    """Pictograms below each other on discs, a number beside each."""
    words = printed.words
    size = int(random.integers(20, 28))
    facts = pictogram_facts(random)
    step = round(3.4 * size)
    sheet = Sheet(random, words, (int(random.integers(330, 440)), 90 + step * len(facts)))
    sheet.text(sheet.width / 2, 16, pick(random, words.goods), size + 4, bold=True, anchor="ma")
    x = float(random.integers(60, 100))
    for at, (name, amount) in enumerate(facts.items()):
        y = 90 + at * step + step / 2 - 16
        pictogram(sheet, name, x, y, 1.7 * size, filled=True, ink=sheet.ink)
        sheet.text(x + 1.9 * size, y, printed.amount(amount), size, anchor="lm")
    return Label(sheet, dict(facts), frozenset({"pictograms"}))


def carton(random: np.random.Generator, printed: Print) -> Label:
    """The print on a carton: net and gross weight, its measures, a lot."""
    words = printed.words
    size = int(random.integers(19, 25))
    sheet = Sheet(random, words, (int(random.integers(420, 560)), 12 * size + 40), pale=True)
    heavy = products.weight(random, heavy=True)
    sides = products.sides(random)
    unit = printed.unit(heavy.unit)
    facts: dict[str, Amount | None] = {"item_weight": heavy}
    name = pick(random, words.phrases["item_weight"])
    lines = [f"{name} {printed.amount(heavy)}"]
    if random.random() < 0.8:
        gross = f"{printed.number(round(heavy.value * 1.15, 1))} {unit}"
        lines.append(f"{pick(random, words.phrases['gross'])} {gross}")
    if random.random() < 0.75:
        facts |= sides
        order = ("width", "depth", "height")
        values = [printed.number(sides[one].value) for one in order]
        letters = [one[0].upper() for one in order]
        length = printed.unit(sides["width"].unit)
        if random.random() < 0.5:
            pairs = zip(letters, values, strict=True)
            told = " x ".join(f"{value} ({letter})" for letter, value in pairs) + f" {length}"
        else:
            told = f"{'x'.join(letters)} {' x '.join(values)} {length}"
        lines.append(f"{pick(random, words.phrases['size'])}: {told}")
    if random.random() < 0.4:
        facts["wattage"] = watts = products.wattage(random)
        lines.append(f"{pick(random, words.phrases['wattage'])} {printed.amount(watts)}")
    lines += [sheet.serial(), sheet.date()]
    random.shuffle(lines)
    sheet.text(18, 12, pick(random, words.goods), size + 6, bold=True)
    for at, line in enumerate(lines):
        sheet.text(18, 24 + round(1.55 * size) * (at + 1), line, size)
    return Label(sheet, facts, frozenset({"distractors"}))


def facts_panel(random: np.random.Generator, printed: Print) -> Label:
    """Nutrition facts beside a name, what is in it between price and barcode."""
    words = printed.words
    size = int(random.integers(15, 20))
    sheet = Sheet(random, words, (int(random.integers(400, 520)), 24 * size + 120), pale=True)
    liquid = random.random() < 0.35
    name = "item_volume" if liquid else "item_weight"
    amount = products.volume(random) if liquid else products.weight(random)
    text = f"{pick(random, words.phrases['net'])} {doubled(random, printed, amount)}"
    y = headed(sheet, words, 12)
    sheet.text(20, y, text, size + 3, bold=True)
    y = nutrition(sheet, words, 20, y + 2 * size, size)
    noise(sheet, words, [(20, y), (210, y)], size)
    sheet.barcode(24, y + 2 * size, 120, 36)
    return Label(sheet, {name: amount}, frozenset({"distractors", "nutrition"}))


LAYOUTS = (badge, feature_list, cards, strokes, pictogram_list, carton, facts_panel)
"""All of them; each is as likely as the others."""
