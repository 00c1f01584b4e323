"""The contact sheet: the first prompts in order, nothing picked out. A green frame: all checks passed; a red one: some failed, named below."""

import textwrap

from PIL import Image, ImageDraw, ImageFont

PICTURE, FRAME, GAP, LINE, COLUMNS = 192, 4, 10, 13, 8
GOOD, BAD, INK, PAPER = (60, 150, 80), (208, 52, 44), (40, 40, 40), (255, 255, 255)


def sheet(path, pictures, prompts, failures):
    font = ImageFont.load_default(11)
    texts = [([(line, INK) for line in textwrap.wrap(p, 34)] + [(line, BAD) for line in textwrap.wrap(", ".join(f), 34)])
             for p, f in zip(prompts, failures)]
    wide = PICTURE + 2 * FRAME + GAP
    high = wide + LINE * max(len(t) for t in texts) + 6
    columns = min(COLUMNS, len(pictures))
    out = Image.new("RGB", (columns * wide + GAP, -(-len(pictures) // columns) * high + GAP), PAPER)
    pen = ImageDraw.Draw(out)
    for i, (picture, text, wrong) in enumerate(zip(pictures, texts, failures)):
        x, y = GAP + i % columns * wide, GAP + i // columns * high
        pen.rectangle((x, y, x + PICTURE + 2 * FRAME - 1, y + PICTURE + 2 * FRAME - 1), fill=BAD if wrong else GOOD)
        out.paste(Image.fromarray(picture).resize((PICTURE, PICTURE), Image.LANCZOS), (x + FRAME, y + FRAME))
        for k, (line, colour) in enumerate(text):
            pen.text((x, y + PICTURE + 2 * FRAME + 3 + LINE * k), line, fill=colour, font=font)
    out.save(path)
