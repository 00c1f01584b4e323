"""The README's pictures of the window, made anew with the bundled model: pictures.py BUILD_FOLDER OUT_FOLDER [NAME]

Each has a process and a desktop of its own. Pictures for the history are painted first, on the command line.
"""
import os, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(__file__))
from desk import Desk, wait_for

ROOT, BUILD, OUT = os.path.abspath(f'{os.path.dirname(__file__)}/../..'), os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
MODEL = f'{ROOT}/data/bundled-model'
os.environ.update(GSETTINGS_SCHEMA_DIR=f'{BUILD}/data', SFU_LOCALES=f'{BUILD}/po')

# Newest first, as the history shows them.
PAINTED = (
    ('two white boats on a dark sea at night, a moon', 3), ('watercolour, a red house on a green meadow, a yellow sun', 1),
    ('three red balloons over purple mountains', 5), ('pixel art, a lighthouse on a blue sea at sunset', 2),
    ('three green pears on a brown table', 4), ('oil painting, a pink lake, two green trees', 1),
    ('a line drawing of a tree and a house', 6), ('an orange cat in the snow, day', 2),
)
BOAT, SEED = 'a red boat on the left on a blue sea at sunset', 1


def paint(folder):
    for i, (prompt, seed) in enumerate(PAINTED):
        path = f'{folder}/{len(PAINTED) - i}.png'
        subprocess.run([f'{BUILD}/app/cli/sfumato-cli', 'generate', '--model', MODEL, '--prompt', prompt, '--seed', str(seed), '--output', path],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        then = time.time() - 60 - i * 7000
        os.utime(path, (then, then))


def begin(desk):
    desk.start('--model', MODEL)
    wait_for(lambda: len(desk.all(None, 'list item')) >= len(PAINTED), 30, 'the history')


def boat(desk, steps=20):
    begin(desk)
    desk.write('Prompt', BOAT)
    desk.write('Seed', str(SEED))
    desk.press('Keep This Seed', 'toggle button')
    desk.press('Generate')


def finished(desk, n=1):
    wait_for(lambda: len(desk.files()) >= len(PAINTED) + n and not desk.all('Stop', 'button'), 120, 'the picture')


def running(desk):
    boat(desk)
    wait_for(lambda: desk.canvas().startswith('step 12'), 60, 'the twelfth step')


def film(desk):
    boat(desk)
    finished(desk)
    desk.find('Step', 'slider').get_value_iface().set_current_value(8)
    time.sleep(1)


def gallery(desk):
    begin(desk)
    desk.key('Control+g')
    time.sleep(3)


def compare(desk):
    boat(desk)
    finished(desk)
    desk.write('Seed', str(SEED + 1))
    desk.press('Generate')
    finished(desk, 2)
    desk.key('F6')
    desk.key('c')
    time.sleep(1)


def chinese(desk):
    desk.start('--model', MODEL, f'{desk.pictures}/{len(PAINTED) - 1}.png')
    time.sleep(8)


LOOKS = {running: {}, film: {}, gallery: {}, compare: {'ADW_DEBUG_COLOR_SCHEME': 'prefer-dark'}, chinese: {'LANG': 'zh_CN.UTF-8'}}


def picture(name, painted):
    scene, look = next((s, l) for s, l in LOOKS.items() if s.__name__ == name)
    desk = Desk(f'{BUILD}/app/sfumato', f'{ROOT}/data', **look)
    try:
        shutil.copytree(painted, desk.pictures, copy_function=shutil.copy2)
        scene(desk)
        desk.shot(f'{OUT}/{name}.png')
    finally:
        desk.close()


if len(sys.argv) > 4:
    picture(sys.argv[3], sys.argv[4])
else:
    with tempfile.TemporaryDirectory() as painted:
        paint(painted)
        for scene in LOOKS:
            if len(sys.argv) < 4 or sys.argv[3] == scene.__name__:
                subprocess.run([sys.executable, __file__, BUILD, OUT, scene.__name__, painted], check=True)
