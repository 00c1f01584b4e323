"""The bundled model draws what it is told: bundled.py SFUMATO_CLI MODEL. Prints TAP; needs numpy.

Two prompts that differ in one word are drawn from one seed. Where the pictures differ most, the named colour must be the stronger.
"""
import os, subprocess, sys, tempfile
import numpy as np

CLI, MODEL = sys.argv[1:3]
CHANNEL = {'red': np.array([1, -0.5, -0.5]), 'blue': np.array([-0.5, -0.5, 1])}
# What is drawn, and the shares of width and height where it may stand.
PROMPTS = {'sun': ('the sea with a {} sun, by day', (0, 1, 0, 0.62)), 'boat': ('a {} boat in the middle on the ocean, by day', (0.1, 0.9, 0.2, 1)),
           'house': ('a {} house in the middle in a green field, by day', (0.1, 0.9, 0.2, 1))}
SEEDS = (1, 2)


def draw(prompt, seed, scratch):
    """The picture as float32 (256, 256, 3), 0..1."""
    dump = f'{scratch}/{abs(hash((prompt, seed)))}'
    subprocess.run([CLI, 'generate', '--model', MODEL, '--prompt', prompt, '--seed', str(seed), '--steps', '8', '--dump', dump,
                    '--output', f'{dump}.png'], check=True, capture_output=True)
    return np.load(f'{dump}/image.npy')


def strength(picture, where, colour):
    """How much of a colour is where the pictures differ."""
    return float((picture[where] @ CHANNEL[colour]).mean())


def follows(thing, scratch):
    """Wrong ones among the seeds, with numbers."""
    template, (left, right, top, bottom) = PROMPTS[thing]
    for seed in SEEDS:
        red, blue = (draw(template.format(c), seed, scratch) for c in ('red', 'blue'))
        difference = np.abs(red - blue).mean(-1)
        h, w = difference.shape
        inside = np.zeros_like(difference, bool)
        inside[int(top * h):int(bottom * h), int(left * w):int(right * w)] = True
        where = inside & (difference >= np.quantile(difference[inside], 0.98))
        for colour, own, other in (('red', red, blue), ('blue', blue, red)):
            if strength(own, where, colour) <= strength(other, where, colour) + 0.1:
                yield f'seed {seed}: {colour} {strength(own, where, colour):.2f} against {strength(other, where, colour):.2f}'


print(f'1..{len(PROMPTS)}', flush=True)
failed = 0
with tempfile.TemporaryDirectory() as scratch:
    for i, thing in enumerate(PROMPTS, 1):
        wrong = list(follows(thing, scratch))
        failed += bool(wrong)
        print('not ok' if wrong else 'ok', i, f'a red {thing} is redder than a blue one', flush=True)
        for line in wrong: print('#', line)
sys.exit(failed > 0)
