"""What is said of a scene: many wordings of one record. Nothing is said that the picture does not show."""

import numpy as np

from palette import SYNONYMS
from scene import PLACES
from things import THINGS

COUNTS = {1: ("a", "one"), 2: ("two",), 3: ("three",), 5: ("five", "many", "several")}
TIME_WORDS = {
    "day": ("by day", "on a sunny day", "in daylight", "under a clear sky"), "dawn": ("at dawn", "in the morning", "at sunrise"),
    "sunset": ("at sunset", "at dusk", "in the evening"), "night": ("at night", "on a starry night", "under the stars"),
    "fog": ("in the fog", "in fog", "on a foggy day"),
}
STYLE_WORDS = {
    "watercolour": (("a watercolor of", "a watercolour painting of"), ("watercolor", "watercolour", "watercolor painting")),
    "oil": (("an oil painting of",), ("oil painting", "oil on canvas")),
    "pixel": (("pixel art of", "a pixel art picture of"), ("pixel art",)),
    "line": (("a line drawing of", "an ink drawing of"), ("line drawing", "ink drawing")),
}
PLACE_WORDS = {"left": ("on the left", "at the left"), "middle": ("in the middle", "in the center"), "right": ("on the right", "at the right")}
GROUND_WORDS = {
    "sea": ("sea", "ocean"), "lake": ("lake",), "meadow": ("field", "meadow", "hills"), "mountains": ("mountains",), "desert": ("desert",),
    "snow": ("snow",), "city": ("city",), "table": ("table",), "underwater": ("water",),
}


def plural(word):
    head, _, tail = word.partition(" of ")
    if head in ("fish", "sheep"):
        return head
    many = {"cactus": "cacti", "bunny": "bunnies", "cherry": "cherries", "orange fruit": "oranges"}.get(head) or head + "s"
    return many + (" of " + tail if tail else "")


def article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def say(rng, values):
    return values[rng.integers(len(values))]


def group_words(group, rng, coloured):
    """'two red boats', 'a small island', 'one orange'."""
    thing = THINGS[group.kind]
    word = say(rng, thing.words)
    if group.kind in ("orange", "lemon", "island") or len(thing.colours) == 1:
        coloured = False
    if word == "orange fruit" and group.count == 1:
        word = "orange"
    colour = say(rng, SYNONYMS[group.colour]) + " " if coloured else ""
    if group.count > 1:
        return say(rng, COUNTS[group.count]) + " " + colour + plural(word)
    large = "big " if group.large and rng.random() < 0.4 and not word.startswith("small") else ""
    return "one " + large + colour + word if rng.random() < 0.12 else article(large + colour + word)


def ground_words(scene, rng):
    """('on', 'a blue sea'), ('in front of', 'green mountains'), ('in', 'the snow')."""
    word = say(rng, GROUND_WORDS[scene.kind])
    named = (not scene.plain_ground or rng.random() < 0.35) and scene.style != "line" and scene.kind not in ("city", "snow")
    colour = say(rng, SYNONYMS[scene.ground]) + " " if named else ""
    if scene.kind == "underwater":
        return say(rng, (("in", f"{colour}water"), ("under", f"the {colour}sea"), ("in", f"the {colour}sea")))
    if scene.kind == "snow":
        return say(rng, (("in", "the snow"), ("on", "snowy hills"), ("in", "a snowy field")))
    if scene.kind == "city":
        return say(rng, (("over", "the city"), ("above", "a city skyline"), ("in front of", "the city")))
    if scene.kind == "desert":
        return ("in", article(colour + "desert")) if rng.random() < 0.6 else ("on", f"{colour}sand dunes")
    if word in ("hills", "mountains"):
        return "in front of" if word == "mountains" else "on", colour + word
    where = {"sea": "on", "lake": "by", "meadow": "in", "table": "on"}[scene.kind]
    return where, article(colour + word) if colour or rng.random() < 0.6 else f"the {word}"


ALONE = {"sea": "the sea", "lake": "a lake and mountains", "meadow": "green hills", "mountains": "mountains", "desert": "sand dunes",
         "snow": "a snowy field", "city": "a city skyline", "table": "a table", "underwater": "the bottom of the sea"}


def empty_ground(scene, rng):
    """A scene without things: 'the blue ocean', 'purple mountains'."""
    ground = say(rng, SYNONYMS[scene.ground]) + " " if not scene.plain_ground and scene.style != "line" else ""
    word = say(rng, GROUND_WORDS[scene.kind])
    return {"sea": f"the {ground}{word}", "meadow": f"{ground or 'green '}hills", "mountains": f"{ground}mountains",
            "desert": article(f"{ground}desert")}.get(scene.kind, ALONE[scene.kind])


def things_words(scene, rng, keep):
    """'a red boat left of two houses', 'on the left a red boat and on the right two houses', 'three birds'."""
    said = [group_words(group, rng, scene.style != "line" and keep(0.88)) for group in scene.groups]
    alone = len(said) == 1
    if alone and scene.groups[0].count > 1 or not keep(0.5 if alone else 0.75):
        return say(rng, (" and ", " and ", " with ")).join(said)
    if not alone and rng.random() < 0.45:
        side = "left" if scene.groups[0].xs[0] < scene.groups[1].xs[0] else "right"
        return f"{said[0]} {say(rng, ('', 'to the '))}{side} of {said[1]}"
    places = [say(rng, PLACE_WORDS[group.place]) for group in scene.groups]
    before = rng.random() < 0.35
    return " and ".join(f"{place} {words}" if before else f"{words} {place}" for words, place in zip(said, places))


def light_words(scene, rng, keep, full):
    """'a red sun', 'a full moon on the left'."""
    colour = say(rng, SYNONYMS[scene.light_colour]) + " " if scene.style != "line" and keep(0.85) else ""
    name = {"sun": "sun", "moon": say(rng, ("moon", "full moon")), "crescent": "crescent moon"}[scene.light]
    return article(colour + name) + (f" {say(rng, PLACE_WORDS[scene.light_place])}" if not full and keep(0.25) else "")


def sky_words(scene, rng, keep):
    """'under a pink sky with clouds', 'in front of a red wall'."""
    said = []
    if scene.sky and scene.style != "line" and keep(0.6 if scene.kind == "table" else 0.9):
        colour = article(say(rng, SYNONYMS[scene.sky]))
        said.append(f"in front of {colour} wall" if scene.kind == "table" else f"under {colour} sky")
    if scene.clouds and rng.random() < 0.4:
        said.append(say(rng, ("with clouds", "with white clouds")) if scene.time == "day" else "with clouds")
    return said


def caption(scene, rng, full=False):
    """One wording. `full` names everything that can be named (for checks); otherwise parts are left out at random.

    Things come first, or the ground, or sun and moon; the time of day is said at the start or at the end.
    """
    keep = lambda chance: full or rng.random() < chance
    things = things_words(scene, rng, keep) if scene.groups else ""
    where, ground = ground_words(scene, rng) if things else ("", empty_ground(scene, rng))
    light = light_words(scene, rng, keep, full) if scene.light and keep(0.72) else ""
    order = say(rng, ("things", "things", "things", "ground", "light"))
    if things and order == "things":
        parts = [things, f"{where} {ground}" if keep(0.88) else ""]
    else:
        parts = [f"{ground} with {things}" if things else ground]
    if light and order == "light":
        parts.insert(0, light + say(rng, (" over", " and", " behind")))
    elif light:
        parts.append(say(rng, ("under ", "with ", "and ")) + light)
    text = " ".join(part for part in parts + sky_words(scene, rng, keep) if part)
    time = ""
    if scene.kind not in ("table", "underwater") and keep({"day": 0.4}.get(scene.time, 0.92)):
        time = say(rng, TIME_WORDS[scene.time])
        time = "" if scene.sky and "sky" in time else time
    first = order == "things" and rng.random() < 0.3
    if time and not first:
        text += say(rng, (" ", " ", ", ")) + time
    if scene.style != "plain":
        before, after = STYLE_WORDS[scene.style]
        text = f"{say(rng, before)} {text}" if rng.random() < 0.5 else f"{text}, {say(rng, after)}"
    elif rng.random() < 0.06:
        text = "a picture of " + text
    return f"{time}{say(rng, (' ', ', '))}{text}" if time and first else text
