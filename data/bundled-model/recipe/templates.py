"""The checks' own wordings, built otherwise than training's captions but from the same words. Each says everything that is checked."""

import numpy as np

import captions
from captions import PLACE_WORDS, STYLE_WORDS, TIME_WORDS, article, plural, say
from palette import SYNONYMS
from scene import PLACES, make
from things import THINGS

COUNT_WORDS = {2: ("two",), 3: ("three",), 5: ("five", "many", "several")}
SHORT_TIMES = {"day": ("day", "daylight"), "dawn": ("dawn", "sunrise", "morning"), "sunset": ("sunset", "dusk", "evening"), "night": ("night",),
               "fog": ("fog",)}
GROUNDS = {"sea": ("sea", "ocean"), "lake": ("lake",), "meadow": ("field", "meadow", "hills"), "mountains": ("mountains",),
           "desert": ("desert", "sand dunes"), "snow": ("snow", "snowy hills"), "city": ("city", "city skyline"), "table": ("table",),
           "underwater": ("water",)}
ON = {"sea": "on", "lake": "by", "meadow": "on", "mountains": "in front of", "desert": "in", "snow": "in", "city": "over", "table": "on",
      "underwater": "in"}
WITHOUT_ARTICLE = ("hills", "mountains", "sand dunes", "snow", "snowy hills", "water")


class Words:
    """The parts of a prompt, chosen once: templates put them in order. `said` is what the prompt states and checks may ask."""

    def __init__(self, scene, rng, coloured=True):
        self.rng = rng
        coloured = coloured and scene.style != "line"
        self.said = {"time": "" if scene.kind in ("table", "underwater") else scene.time, "style": "" if scene.style == "plain" else scene.style,
                     "kind": scene.kind, "ground": "", "things": []}
        self.things = [self.thing(group, scene, coloured) for group in scene.groups]
        self.time = say(rng, TIME_WORDS[scene.time]) if self.said["time"] else ""
        self.short_time = say(rng, SHORT_TIMES[scene.time]) if self.said["time"] else ""
        self.style = say(rng, STYLE_WORDS[scene.style][1]) if self.said["style"] else ""
        self.style_of = say(rng, STYLE_WORDS[scene.style][0]) if self.said["style"] else say(rng, ("a picture of", ""))
        word = say(rng, GROUNDS[scene.kind])
        named = coloured and scene.kind not in ("city", "snow")
        self.said["ground"] = scene.ground if named else ""
        self.ground = (say(rng, SYNONYMS[scene.ground]) + " " if named else "") + word
        self.a_ground = self.ground if word in WITHOUT_ARTICLE else article(self.ground)
        self.on_ground = ON[scene.kind] + " " + self.a_ground
        self.light = self.light_words(scene, coloured)

    def thing(self, group, scene, coloured):
        """(words of the thing, words of its place)"""
        thing = THINGS[group.kind]
        word = say(self.rng, thing.words)
        word = "orange" if word == "orange fruit" and group.count == 1 else word
        named = coloured and len(thing.colours) > 1
        placed = len(scene.groups) == 2 or group.count == 1
        self.said["things"].append({"kind": group.kind, "colour": group.colour if named else "", "count": group.count,
                                    "place": group.place if placed else ""})
        colour = say(self.rng, SYNONYMS[group.colour]) + " " if named else ""
        place = say(self.rng, PLACE_WORDS[group.place]) if placed else ""
        if group.count == 1:
            return (article(colour + word) if self.rng.random() < 0.7 else "one " + colour + word), place
        return say(self.rng, COUNT_WORDS[group.count]) + " " + colour + plural(word), place

    def light_words(self, scene, coloured):
        if scene.sky and coloured:
            place = "wall" if scene.kind == "table" else "sky"
            return article(say(self.rng, SYNONYMS[scene.sky]) + " " + place)
        if not scene.light:
            return ""
        name = {"crescent": "crescent moon"}.get(scene.light, scene.light)
        return article((say(self.rng, SYNONYMS[scene.light_colour]) + " " if coloured else "") + name)


def listed(*parts):
    return ", ".join(part for part in parts if part)


def after(w):
    """Things, each before its place."""
    return [f"{thing} {place}".strip() for thing, place in w.things]


def before(w):
    """Things, each behind its place."""
    return [f"{place} {thing}".strip() for thing, place in w.things]


TEMPLATES = (
    lambda w: listed(*after(w), w.ground, w.light, w.short_time, w.style),
    lambda w: listed(w.short_time, w.ground, *after(w), w.light, w.style),
    lambda w: listed(w.style, w.light, w.ground, w.time, " and ".join(after(w))),
    lambda w: listed(w.time, w.style_of + " " + w.a_ground + (" with " + " and ".join(after(w)) if w.things else ""), w.light).strip(),
    lambda w: listed(w.style_of + " " + listed(*before(w), w.a_ground), w.light, w.time).strip(),
    lambda w: listed(w.a_ground, w.time, " and ".join(before(w)), w.style, w.light),
    lambda w: listed(w.style, " and ".join(after(w)) + (" " + w.on_ground if w.things else w.ground), w.short_time, w.light),
    lambda w: listed(w.short_time, w.style_of + " " + w.a_ground + (" and " + " and ".join(before(w)) if w.things else ""), w.light).strip(),
)


def prompt(scene, coloured=True):
    """A prompt for a drawn scene and what it states: the same for the same seed."""
    rng = np.random.default_rng(scene.seed + 3)
    words = Words(scene, rng, coloured)
    text = TEMPLATES[rng.integers(len(TEMPLATES))](words)
    return " ".join(text.split()).replace(" ,", ","), words.said


def unknown_words(prompts, wordings=6000):
    """Words of the prompts that no caption of training has (there should be none)."""
    talk, known = np.random.default_rng(0), set()
    for seed in range(wordings):
        made = make(seed)
        for group in made.groups:
            group.xs = [PLACES[group.place]]
        known.update(captions.caption(made, talk).replace(",", " ").split())
    return sorted({word for text in prompts for word in text.replace(",", " ").split()} - known)
