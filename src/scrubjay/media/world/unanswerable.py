"""What no picture of the world answers, and what is not in it; some are kept for testing."""

from __future__ import annotations

from scrubjay.media.world.phrasings import Phrasing

NOTHING_CAN_TELL = Phrasing(
    (
        "who painted this?",
        "who made the picture?",
        "what is the weather like?",
        "how old is the {one}?",
        "what is the {one} made of?",
        "why is the {one} there?",
        "why are there {many}?",
        "what time is it?",
        "when was this taken?",
        "how much does the {one} cost?",
        "is the {one} happy?",
        "who is in the picture?",
        "what is the {one} doing?",
        "how big is the {one}?",
        "how far is the {one} from the {other}?",
        "what does the {one} eat?",
        "whose {one} is this?",
        "what is the name of the {one}?",
        "does the {one} like the {other}?",
        "which country is this?",
        "is it day or night?",
        "what will happen next?",
        "is this art?",
        "what is the capital of france?",
        "what is two plus three?",
        "do you like the {one}?",
        "how are you?",
        "write a poem about the {one}",
        "what style is this painting in?",
        "what is the person wearing?",
        "is the {one} heavier than the {other}?",
        "how do I cook {a}?",
        "what sound does the {one} make?",
        "where does the {one} live?",
        "is the {one} real?",
        "what material is the {one}?",
        "what breed is the {one}?",
        "hello",
        "what does the {one} mean?",
        "can the {one} fly?",
        "what happened before?",
        "how {odd} is the {one}?",
        "is the {one} {odd}?",
        "is this {odd}?",
        "is it {odd}?",
        "what is the {odd} of the {one}?",
        "what is the {odd}?",
        "what is the {odd} of it?",
        "what {odd} is the {one}?",
        "what {odd} is this?",
        "which {odd} is the {one}?",
        "which {odd} is it?",
        "which {odd} {odd} the {one}?",
        "who {odd} the picture?",
        "who is {odd}?",
        "{odd} the {one}",
        "{odd} {odd} {odd} the {one}?",
        "{odd} {odd}",
        "{odd} {odd} {odd} {odd} {odd}",
        "do you {odd} the {one}?",
        "can you {odd} the {one}?",
        "can the {one} {odd}?",
        "does the {one} {odd}?",
        "does the {one} have a {odd}?",
        "how many {odd} does the {one} have?",
        "what does the {one} {odd}?",
        "where does the {one} {odd}?",
        "when does the {one} {odd}?",
        "why {odd}?",
        "what {odd} {odd} you see?",
        "how do you {odd} {a}?",
        "tell me the {odd} of the {one}",
        "is the {one} {odd} than the {other}?",
        "which is {odd}, the {one} or the {other}?",
        "what is the {one} {odd}?",
    ),
    (
        "which artist drew this?",
        "in what year was the {one} made?",
        "what is the mood of this picture?",
        "how heavy is the {one}?",
        "who owns the {one}?",
        "what is the {one} thinking about?",
        "is the {one} expensive?",
        "what is the temperature?",
        "how fast is the {one}?",
        "should I buy the {one}?",
        "what should I cook tonight?",
        "which season is it?",
    ),
)
"""Questions no picture of this world answers."""

_UNKNOWN_TAUGHT = (
    "zeppelin unicorn wizard toaster lamp curtain person man woman child baby hat table "
    "cup spoon fork knife plate window road river mountain bridge tower church garden "
    "bottle glass bracelet necklace violinist painter soldier king queen dragon "
    "mermaid robotarm printer keyboard laptop helmet glove sock scarf jacket pillow "
    "blanket carpet mirror oven fridge sink toilet shower fountain tunnel canyon"
)
_UNKNOWN_HELD_OUT = (
    "wardrobe walrus tambourine submarine lighthouse jellyfish hourglass gondola "
    "fireplace elbow dinosaur chessboard cathedral blender bagpipe artichoke "
    "wheelbarrow vacuum trampoline saxophone"
)
UNKNOWN_NOUNS = Phrasing(tuple(_UNKNOWN_TAUGHT.split()), tuple(_UNKNOWN_HELD_OUT.split()))
"""Things that are not in this world."""
