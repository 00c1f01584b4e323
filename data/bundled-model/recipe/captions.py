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
    """'on a blue sea', 'on green hills', 'on a brown table', with what is in front of them left to the caller."""
    word = say(rng, GROUND_WORDS[scene.kind])
    named = (not scene.plain_ground or rng.random() < 0.35) and scene.style != "line" and scene.kind not in ("city", "snow")
    colour = say(rng, SYNONYMS[scene.ground]) + " " if named else ""
    if scene.kind == "underwater":
        return say(rng, (f"in {colour}water", f"under the {colour}sea", f"in the {colour}sea"))
    if scene.kind == "snow":
        return say(rng, ("in the snow", "on snowy hills", "in a snowy field"))
    if scene.kind == "city":
        return say(rng, ("over the city", "above a city skyline", "in front of the city"))
    if scene.kind == "desert":
        return f"in {article(colour + 'desert')}" if rng.random() < 0.6 else f"on {colour}sand dunes"
    if word in ("hills", "mountains"):
        return f"{'in front of' if word == 'mountains' else 'on'} {colour}{word}"
    where = {"sea": "on", "lake": "by", "meadow": "in", "table": "on"}[scene.kind]
    return f"{where} {article(colour + word)}" if colour or rng.random() < 0.6 else f"{where} the {word}"


ALONE = {"sea": "the sea", "lake": "a lake and mountains", "meadow": "green hills", "mountains": "mountains", "desert": "sand dunes",
         "snow": "a snowy field", "city": "a city skyline", "table": "a table", "underwater": "the bottom of the sea"}


def caption(scene, rng, full=False):
    """One wording. `full` names everything that can be named (for checks); otherwise parts are left out at random."""
    keep = lambda chance: full or rng.random() < chance
    coloured = scene.style != "line"
    parts = []
    if scene.groups:
        first, *rest = [group_words(g, rng, coloured and keep(0.88)) for g in scene.groups]
        if rest:
            a, c = scene.groups
            if a.xs[0] < c.xs[0]:
                beside = say(rng, ("left of", "to the left of"))
            else:
                beside = say(rng, ("right of", "to the right of"))
            subject = f"{first} {beside} {rest[0]}" if keep(0.6) else f"{first} and {rest[0]}" if rng.random() < 0.7 else f"{first} with {rest[0]}"
        else:
            subject = first
            group = scene.groups[0]
            if group.count == 1 and keep(0.45):
                subject += " " + say(rng, PLACE_WORDS[group.place])
        if keep(0.88):
            subject += " " + ground_words(scene, rng)
    else:
        ground = say(rng, SYNONYMS[scene.ground]) + " " if not scene.plain_ground and coloured else ""
        word = say(rng, GROUND_WORDS[scene.kind])
        subject = {"sea": f"the {ground}{word}", "meadow": f"{ground or 'green '}hills", "mountains": f"{ground}mountains",
                   "desert": article(f"{ground}desert")}.get(scene.kind, ALONE[scene.kind])
    parts.append(subject)
    if scene.light and keep(0.72):
        colour = say(rng, SYNONYMS[scene.light_colour]) + " " if coloured and keep(0.85) else ""
        name = {"sun": "sun", "moon": say(rng, ("moon", "full moon")), "crescent": "crescent moon"}[scene.light]
        where = f" {say(rng, PLACE_WORDS[scene.light_place])}" if keep(0.25) and not full else ""
        parts.append(say(rng, ("under ", "with ", "and ")) + article(colour + name) + where)
    if scene.sky and coloured and scene.kind != "table" and keep(0.9):
        parts.append(f"under {article(say(rng, SYNONYMS[scene.sky]))} sky")
    if scene.sky and coloured and scene.kind == "table" and keep(0.6):
        parts.append(f"in front of {article(say(rng, SYNONYMS[scene.sky]))} wall")
    if scene.clouds and rng.random() < 0.4:
        parts.append(say(rng, ("with clouds", "with white clouds")) if scene.time == "day" else "with clouds")
    text = " ".join(parts)
    if scene.kind not in ("table", "underwater") and keep({"day": 0.4}.get(scene.time, 0.92)):
        words = say(rng, TIME_WORDS[scene.time])
        if not (scene.sky and "sky" in words):
            text = f"{text} {words}" if rng.random() < 0.6 else f"{text}, {words}"
    if scene.style != "plain":
        before, after = STYLE_WORDS[scene.style]
        text = f"{say(rng, before)} {text}" if rng.random() < 0.5 else f"{text}, {say(rng, after)}"
    elif rng.random() < 0.06:
        text = "a picture of " + text
    return text
