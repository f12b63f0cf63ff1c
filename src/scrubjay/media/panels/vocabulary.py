"""What labels say, in two parts: what is taught, and what is only asked about afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Part(StrEnum):
    """Labels to learn from, and labels of other layouts, fonts and words."""

    TAUGHT = "taught"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of one part.

    Attributes:
        fonts: (regular, bold), below /usr/share/fonts/truetype.
        phrases: measure -> what stands before it.
        sentences: measure -> a sentence with `{}` for it.
        units: name of a unit -> as it is abbreviated.
        nutrients: rows of nutrition facts.
        serving: what a serving is called.
    """

    fonts: tuple[tuple[str, str], ...]
    phrases: Mapping[str, tuple[str, ...]]
    sentences: Mapping[str, tuple[str, ...]]
    units: Mapping[str, tuple[str, ...]]
    brands: tuple[str, ...]
    goods: tuple[str, ...]
    claims: tuple[str, ...]
    nutrients: tuple[str, ...]
    serving: tuple[str, ...]
    remarks: tuple[str, ...]


FULL: Final[dict[str, str]] = {
    "gram": "grams",
    "kilogram": "kilograms",
    "milligram": "milligrams",
    "ounce": "ounces",
    "pound": "pounds",
    "millilitre": "millilitres",
    "litre": "litres",
    "centilitre": "centilitres",
    "fluid ounce": "fluid ounces",
    "cup": "cups",
    "gallon": "gallons",
    "centimetre": "centimetres",
    "millimetre": "millimetres",
    "metre": "metres",
    "inch": "inches",
    "foot": "feet",
    "volt": "volts",
    "watt": "watts",
    "kilowatt": "kilowatts",
}
"""A unit's name spelled out."""

TAUGHT: Final = Vocabulary(
    fonts=(
        ("liberation/LiberationSans-Regular.ttf", "liberation/LiberationSans-Bold.ttf"),
        ("liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSerif-Bold.ttf"),
        ("dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf"),
    ),
    phrases={
        "item_weight": ("Net Wt", "NET WEIGHT", "Weight", "Item weight", "Net Wt."),
        "maximum_weight_recommendation": ("Max load", "Load capacity", "Maximum weight"),
        "item_volume": ("Capacity", "Volume", "Vol."),
        "voltage": ("Voltage", "Rated voltage", "Input"),
        "wattage": ("Power", "Wattage", "Rated power"),
        "width": ("Width", "W"),
        "height": ("Height", "H"),
        "depth": ("Depth", "D"),
        "net": ("Net", "Contents", "Net contents"),
        "gross": ("Gross weight", "Gross Wt"),
        "size": ("Dimensions", "Size", "Product dimensions"),
    },
    sentences={
        "item_weight": ("Weight only {}", "Light: {}"),
        "maximum_weight_recommendation": ("Carries up to {}", "Max. load {}"),
        "item_volume": ("{} capacity", "Large {} tank"),
        "voltage": ("{} battery", "Runs on {}"),
        "wattage": ("{} of power", "Powerful {} motor"),
        "width": ("{} wide", "Width {}"),
        "height": ("{} high", "Height {}"),
        "depth": ("{} deep", "Depth {}"),
    },
    units={
        "gram": ("g", "G"),
        "kilogram": ("kg", "KG"),
        "milligram": ("mg",),
        "ounce": ("oz", "OZ"),
        "pound": ("lb", "lbs"),
        "millilitre": ("ml", "mL"),
        "litre": ("L", "l"),
        "centilitre": ("cl",),
        "fluid ounce": ("fl oz", "FL OZ"),
        "cup": ("cups",),
        "gallon": ("gal",),
        "centimetre": ("cm",),
        "millimetre": ("mm",),
        "metre": ("m",),
        "inch": ("in", '"'),
        "foot": ("ft",),
        "volt": ("V",),
        "watt": ("W",),
        "kilowatt": ("kW",),
    },
    brands=("Norvik", "Alder & Co", "SUNHILL", "Brisk", "Casa Lume", "PolarTec", "Mirna",
            "OAKWELL"),
    goods=("Crunchy Oats", "Hand Cream", "Kettle", "Desk Lamp", "Shelf", "Orange Juice", "Shampoo",
           "Drill", "Stool", "Green Tea", "Pasta", "Blender", "Storage Box", "Dish Soap"),
    claims=("100% natural", "3 in 1", "No. 7", "New!", "24h fresh", "Since 1987", "2 year warranty",
            "5 star rated", "Now 20% more"),
    nutrients=("Total Fat", "Saturated Fat", "Sodium", "Total Carbohydrate", "Sugars", "Protein"),
    serving=("Serving size", "Per serving"),
    remarks=("50/60 Hz", "Made in EU", "IP44", "Class II", "CE", "Indoor use only", "2 A"),
)  # fmt: skip

HELD_OUT: Final = Vocabulary(
    fonts=(
        ("dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSerif-Bold.ttf"),
        ("liberation/LiberationSansNarrow-Regular.ttf", "liberation/LiberationSansNarrow-Bold.ttf"),
        ("liberation/LiberationMono-Regular.ttf", "liberation/LiberationMono-Bold.ttf"),
        ("liberation/LiberationSerif-Italic.ttf", "liberation/LiberationSerif-BoldItalic.ttf"),
        ("dejavu/DejaVuSansCondensed.ttf", "dejavu/DejaVuSansCondensed-Bold.ttf"),
    ),
    phrases={
        "item_weight": ("N.W.", "Nett weight", "Mass", "Unit weight", "Gewicht", "Poids net"),
        "maximum_weight_recommendation": (
            *("Weight limit", "Safe load", "Max. user weight", "Traglast"),
        ),
        "item_volume": ("Net vol.", "Fill volume", "Holding capacity", "Inhalt"),
        "voltage": ("Operating voltage", "Supply voltage", "Spannung"),
        "wattage": ("Power consumption", "Leistung", "Nominal power"),
        "width": ("Breadth", "Overall width", "Breite"),
        "height": ("Overall height", "Hauteur", "Total height"),
        "depth": ("Overall depth", "Tiefe", "Profondeur"),
        "net": ("Content", "Net quantity", "e"),
        "gross": ("G.W.", "Brutto"),
        "size": ("MEAS.", "Measurements", "Overall size"),
    },
    sentences={
        "item_weight": ("Weighs just {}", "Only weighs {}"),
        "maximum_weight_recommendation": ("Holds up to {}", "Supports {} safely"),
        "item_volume": ("Fills {} in one go", "Takes {} of water"),
        "voltage": ("Works with {} mains", "For {} sockets"),
        "wattage": ("Heats with {}", "{} output power"),
        "width": ("{} across", "Just {} wide"),
        "height": ("Stands {} tall", "{} tall"),
        "depth": ("{} from front to back", "Only {} deep"),
    },
    units={
        "gram": ("g", "gm", "GMS", "gr"),
        "kilogram": ("Kg", "kgs", "KGS"),
        "milligram": ("mg", "MG"),
        "ounce": ("oz.", "Oz"),
        "pound": ("lbs", "LB", "lb."),
        "millilitre": ("ml", "ML", "mL"),
        "litre": ("Ltr", "L", "lt"),
        "centilitre": ("cL", "cl"),
        "fluid ounce": ("fl. oz.", "FL.OZ", "Fl Oz"),
        "cup": ("Cups",),
        "gallon": ("Gal", "gal."),
        "centimetre": ("cm", "CM", "cms"),
        "millimetre": ("mm", "MM"),
        "metre": ("m",),
        "inch": ('"', "in.", "inch"),
        "foot": ("ft.", "'"),
        "volt": ("V", "Volt", "VAC"),
        "watt": ("W", "Watt"),
        "kilowatt": ("kW", "KW"),
    },
    brands=("Ferndale", "ZUKO", "Petit Jour", "Hartmann", "Lagoon", "Tern & Sons", "VOLTARA"),
    goods=("Muesli Crisp", "Body Lotion", "Rice Cooker", "Bookcase", "Lemonade", "Hair Mask",
           "Toaster", "Bench", "Black Coffee", "Lentils", "Vacuum", "Side Table", "Detergent"),
    claims=("Batch of 12", "Top 10 choice", "0% sugar", "4th edition", "Est. 2004", "2-in-1",
            "Over 1,000 sold", "90 day returns"),
    nutrients=("Energy", "Saturates", "Carbohydrate", "of which sugars", "Fibre", "Salt",
               "Protein"),
    serving=("Per portion", "Typical portion"),
    remarks=("60 Hz", "Keep dry", "IPX4", "UKCA", "Made in Portugal", "4 A fuse", "Type 12"),
)  # fmt: skip

OF: Final = {Part.TAUGHT: TAUGHT, Part.HELD_OUT: HELD_OUT}
