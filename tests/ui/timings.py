"""How long the window lets one wait: timings.py BUILD_FOLDER. Prints a table; nothing here passes or fails.

What counts is what can be seen: the X server's frame buffer is watched, from outside of the program.
"""
import mmap, os, re, statistics, struct, subprocess, sys, time

sys.path.insert(0, os.path.dirname(__file__))
from desk import Desk, wait_for

ROOT, BUILD = os.path.abspath(f'{os.path.dirname(__file__)}/../..'), sys.argv[1]
os.environ.update(GSETTINGS_SCHEMA_DIR=f'{BUILD}/data', SFU_LOCALES=f'{BUILD}/po', SFU_FIXTURES=f'{ROOT}/tests/fixtures')
BUNDLED = f'{ROOT}/data/bundled-model'
MODEL = BUNDLED if os.path.exists(f'{BUNDLED}/model_index.json') else f'{ROOT}/tests/fixtures/model'
HEADER, PLACEHOLDER, CANVAS = (760, 10, 200, 30), (120, 86, 120, 16), (740, 300, 300, 300)   # x, y, width, height in the window
STARTS, RUNS = 7, 5


class Eye:
    """Looks at a part of the screen until it changes."""
    def __init__(self, desk):
        self.map = mmap.mmap(os.open(f'{desk.frames}/Xvfb_screen0', os.O_RDONLY), 0, prot=mmap.PROT_READ)
        h = struct.unpack('>25I', self.map[:100])
        self.start, self.line = h[0] + h[19] * 12, h[12]

    def see(self, box):
        x, y, w, h = box
        return b''.join(self.map[self.start + v * self.line + x * 4:self.start + v * self.line + (x + w) * 4] for v in range(y, y + h, 4))

    def wait_change(self, box, before, seconds=60):
        end = time.time() + seconds
        while self.see(box) == before:
            if time.time() > end: raise AssertionError(f'nothing happened at {box}')
            time.sleep(0.001)
        return time.time()


def press(desk, *symbols):
    for down in (True, False):
        for s in symbols if down else reversed(symbols): desk.x.key(s, down)


def start(desk, eye):
    """Milliseconds until the first frame, those that the main thread computed in it, and until a letter typed then is seen in the
    prompt; and whether a Vulkan driver was loaded by then."""
    black = eye.see(HEADER)
    begun = time.time()
    desk.start('--new-session', '--model', MODEL, wait=False)
    first = eye.wait_change(HEADER, black)
    driver = 'libvulkan_' in open(f'/proc/{desk.app.pid}/maps').read()
    computed = int(open(f'/proc/{desk.app.pid}/schedstat').read().split()[0]) / 1e6
    empty = eye.see(PLACEHOLDER)
    press(desk, ord('x'))
    usable = eye.wait_change(PLACEHOLDER, empty)
    return (first - begun) * 1e3, computed, (usable - begun) * 1e3, driver


def first_preview(desk, eye):
    before = eye.see(CANVAS)
    begun = time.time()
    press(desk, 0xffe3, 0xff0d)
    seen = eye.wait_change(CANVAS, before)
    wait_for(lambda: desk.all('Generate', 'button'), 120, 'the end of the run')
    return (seen - begun) * 1e3


def row(what, times):
    print(f'| {what} | {statistics.median(times):.0f} ms | {min(times):.0f} ms | {max(times):.0f} ms |')


desk = Desk(f'{BUILD}/app/sfumato', f'{ROOT}/data')
try:
    eye, starts, cold, warm = Eye(desk), [], [], []
    for i in range(STARTS):
        starts.append(start(desk, eye))
        wait_for(lambda: desk.find('Model', 'button').get_description(), 20, 'the model')
        cold.append(first_preview(desk, eye))
        if i == STARTS - 1: warm = [first_preview(desk, eye) for _ in range(RUNS)]
        desk.kill()
        wait_for(lambda: not any(eye.see(HEADER)), 5, 'the empty screen')
finally: desk.close()
print(f'{os.path.relpath(MODEL, ROOT)}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n')
print('| what | median | shortest | longest |\n|---|---|---|---|')
row('start to first frame', [s[0] for s in starts])
row('of that, computing in the main thread', [s[1] for s in starts])
row('start to a letter in the prompt', [s[2] for s in starts])
row('key press to first preview, very first picture', cold[:1])
row('key press to first preview, first picture after the start', cold[1:])
row('key press to first preview, later', warm)
smooth = subprocess.run([sys.executable, f'{ROOT}/tests/ui/on_screen.py', f'{BUILD}/tests/test-smooth'], stdout=subprocess.PIPE, text=True).stdout
print(f'\nA Vulkan driver was loaded when the first frame was seen: {sum(s[3] for s in starts)} of {STARTS} starts')
print('\n'.join(line.removeprefix('# ') for line in smooth.splitlines() if line.startswith('#')))
