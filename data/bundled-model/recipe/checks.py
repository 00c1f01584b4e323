"""What a prompt states against what the judge sees. The same checks are made of generated and of drawn pictures."""

REQUIRED = ("object", "colour", "count", "place", "style", "time")
ALSO = ("scene", "ground")        # told beside them: the kind of scene, the colour of its ground


def checks(said, seen):
    """[(check, of what, passed)] for everything that is stated. A thing that is not there has no colour, count or place either."""
    out = []
    for thing in said["things"]:
        kind = thing["kind"]
        there = kind in seen["there"]
        out.append(("object", kind, there))
        out += [(key, kind, there and seen[key][kind] == thing[key]) for key in ("colour", "count", "place") if thing[key]]
    out += [(key, said[key], seen[key] == said[key]) for key in ("style", "time") if said[key]]
    out.append(("scene", said["kind"], seen["kind"] == said["kind"]))
    if said["ground"]:
        out.append(("ground", said["ground"], seen["ground"] == said["ground"]))
    return out


def all_checks(saids, seens):
    return [checks(said, seen) for said, seen in zip(saids, seens)]


def failed(outcome):
    """Of one picture: what failed among the required checks, as words."""
    return [f"{of} missing" if check == "object" else f"{check} of {of}" if check in ("colour", "count", "place") else f"{check} {of}"
            for check, of, passed in outcome if check in REQUIRED and not passed]


def rates(outcomes):
    """check -> (share passed, how many were asked); "mean" is of the required ones that were asked."""
    flat = [(check, passed) for outcome in outcomes for check, _, passed in outcome]
    out = {}
    for check in (*REQUIRED, *ALSO):
        asked = [passed for name, passed in flat if name == check]
        if asked:
            out[check] = (sum(asked) / len(asked), len(asked))
    required = [out[check] for check in REQUIRED if check in out]
    out["mean"] = (sum(rate for rate, _ in required) / max(1, len(required)), sum(asked for _, asked in required))
    return out
