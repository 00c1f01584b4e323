"""A real window, used by hand and by a screen reader's means: window.py PROGRAM DATA [SCREENSHOT_FOLDER [TEST]]. Prints TAP.

Every test has a process of its own, as the accessibility library knows one session for good.
"""
import concurrent.futures, json, os, re, shutil, signal, subprocess, sys, time, traceback

sys.path.insert(0, os.path.dirname(__file__))
from desk import Atspi, Desk, wait_for

PROGRAM, DATA = sys.argv[1], sys.argv[2]
SHOTS = sys.argv[3] if len(sys.argv) > 3 else ''
FIXTURES = os.environ['SFU_FIXTURES']
MODEL = f'{FIXTURES}/model'
if SHOTS: os.makedirs(SHOTS, exist_ok=True)


def shot(desk, name):
    if SHOTS: desk.shot(f'{SHOTS}/{name}.png')


def ready(desk, prompt='a red boat on the sea', steps=6):
    """A window with the small model and a prompt."""
    desk.start('--model', MODEL)
    desk.write('Prompt', prompt)
    desk.set_value('Steps', steps)
    wait_for(lambda: desk.find('Model', 'button').get_description().startswith('model, Ready'), 60, 'the model')


def idle(desk, seconds=60):
    wait_for(lambda: desk.all('Generate', 'button') and not desk.all('Stop', 'button'), seconds, 'the end of the run')


def generate(desk, seconds=60):
    n = len(desk.files())
    desk.press('Generate')
    wait_for(lambda: len(desk.files()) > n, seconds, 'the picture')
    idle(desk)


def settings_of(path):
    data = open(path, 'rb').read()
    at = data.index(b'sfumato\0')
    return json.loads(re.search(rb'\{.*?\}', data[at:], re.S).group(0))


def contract_names(desk):
    desk.start('--model', MODEL)
    for name, role in (('Prompt', 'text'), ('Negative prompt', 'text'), ('Model', 'button'), ('Steps', 'spin button'), ('Scheduler', 'combo box'),
                       ('Guidance', 'spin button'), ('Seed', 'text'), ('Width', 'spin button'), ('Height', 'spin button'), ('Generate', 'button'),
                       ('Canvas', 'image'), ('Progress', 'progress bar'), ('History', 'list')):
        desk.find(name, role)
    assert desk.value('Steps') == 20 and desk.value('Guidance') == 7.5, 'defaults'
    assert desk.value('Width') == 64, 'the size that the model was made for'
    assert desk.value('Progress', 'progress bar') == 0
    shot(desk, 'first-run')


def previews_and_picture(desk):
    ready(desk, steps=80)
    seen = set()
    desk.press('Generate')
    end = time.time() + 60
    while time.time() < end and not desk.files():
        m = re.match(r'step (\d+) of (\d+)', desk.canvas())
        if m: seen.add((int(m[1]), int(m[2])))
        time.sleep(0.01)
    idle(desk)
    assert len(desk.files()) == 1, 'one picture is in the folder'
    assert len(seen) >= 3 and all(total == 81 for _, total in seen), f'the canvas counts steps: {sorted(seen)}'
    assert desk.canvas() == 'step 81 of 81', desk.canvas()
    wait_for(lambda: desk.all(None, 'list item', desk.find('History', 'list')), 5, 'the picture in the history')
    saved = settings_of(f'{desk.pictures}/{desk.files()[0]}')
    assert saved['prompt'] == 'a red boat on the sea' and saved['steps'] == 80 and saved['seed'] == desk.seed(), (saved, desk.seed())
    shot(desk, 'finished')


def keyboard_generates_and_stops(desk):
    ready(desk, steps=400)
    desk.key('Control+e')
    desk.key('Control+Return')
    desk.find('Stop', 'button')
    wait_for(lambda: re.match(r'step [3-9]', desk.canvas()), 30, 'a few steps')
    shot(desk, 'running')
    desk.key('Escape')
    idle(desk, 20)
    wait_for(desk.files, 10, 'the stopped picture, which is kept')
    assert not desk.canvas().startswith('step 400'), 'it was stopped before its end'


def settings_come_back(desk):
    ready(desk, 'two white boats')
    desk.set_value('Guidance', 3)
    generate(desk)
    seed = desk.seed()
    desk.write('Prompt', 'something else')
    desk.set_value('Guidance', 9)
    desk.set_value('Steps', 33)
    assert desk.run('--settings', f'{desk.pictures}/{desk.files()[0]}') == 0, 'a second start hands over'
    wait_for(lambda: desk.text('Prompt') == 'two white boats', 5, 'the prompt')
    assert desk.value('Guidance') == 3 and desk.value('Steps') == 6 and desk.seed() == seed, 'all fields are back'
    desk.press('Undo')
    wait_for(lambda: desk.text('Prompt') == 'something else' and desk.value('Steps') == 33, 5, 'undo of restore')


def queue(desk):
    ready(desk, 'first', 60)
    desk.press('Generate')
    desk.find('Stop', 'button')
    for prompt in ('second', 'third', 'fourth'):
        desk.write('Prompt', prompt)
        desk.set_value('Steps', 4)
        desk.key('Control+e')
        desk.key('Control+Return')
    desk.key('Control+j')
    shot(desk, 'queue')
    rows = wait_for(lambda: [r for r in desk.all(None, 'list item', desk.find('Queue', 'list')) if desk.all('third', 'label', r)], 5, 'the third')
    desk.all('Remove', 'button', rows[0])[0].get_action_iface().do_action(0)
    desk.key('Escape')
    wait_for(lambda: len(desk.files()) == 3, 90, 'three pictures of four')
    idle(desk)
    prompts = {settings_of(f'{desk.pictures}/{f}')['prompt'] for f in desk.files()}
    assert prompts == {'first', 'second', 'fourth'}, prompts


def scrub_keep_continue(desk):
    ready(desk, steps=8)
    generate(desk)
    film = desk.find('Step', 'slider')
    film.get_value_iface().set_current_value(4)
    wait_for(lambda: desk.canvas() == 'step 4 of 9', 5, 'the fourth step')
    shot(desk, 'step-film')
    desk.press('Keep')
    wait_for(lambda: len(desk.files()) == 2, 30, 'the step as a picture')
    desk.press('Continue From Here')
    wait_for(lambda: len(desk.files()) == 3, 30, 'the continued picture')
    idle(desk)
    first, last = (open(f'{desk.pictures}/{f}', 'rb').read() for f in (min(desk.files(), key=lambda f: os.stat(f'{desk.pictures}/{f}').st_mtime_ns),
                                                                    max(desk.files(), key=lambda f: os.stat(f'{desk.pictures}/{f}').st_mtime_ns)))
    pixels = lambda png: png[png.index(b'IDAT'):]
    assert pixels(first) == pixels(last), 'continued with the same settings it is the same picture'


def delete_and_undo(desk):
    ready(desk, steps=3)
    generate(desk)
    name = desk.files()[0]
    desk.key('F6')
    desk.key('Delete')
    wait_for(lambda: not desk.files(), 5, 'the file to go')
    desk.press('Undo')
    wait_for(lambda: desk.files() == [name], 5, 'the file to come back')


def crash(desk):
    ready(desk, 'before the crash', 500)
    desk.press('Generate')
    desk.find('Stop', 'button')
    desk.write('Prompt', 'typed and not generated')
    desk.key('Control+e')
    desk.key('Control+Return')
    time.sleep(2.5)
    desk.kill(signal.SIGKILL)
    desk.start()
    assert desk.text('Prompt') == 'typed and not generated', desk.text('Prompt')
    desk.find('2 pictures were still waiting', 'label')
    assert not desk.files(), 'nothing runs unasked'
    shot(desk, 'after-a-crash')


def bad_model(desk):
    broken = f'{desk.home}/broken.safetensors'
    open(broken, 'wb').write(b'not a model at all')
    desk.start('--model', broken)
    desk.write('Prompt', 'anything')
    row = desk.find('Model', 'button')
    wait_for(lambda: 'broken' in row.get_description(), 5, 'the reason')
    assert not desk.find('Generate', 'button').get_state_set().contains(Atspi.StateType.SENSITIVE)
    shot(desk, 'bad-model')


def model_row(desk, words, seconds=60):
    return wait_for(lambda: re.search(words, desk.find('Model', 'button').get_description()), seconds, f'“{words}” in the model row')


def sensitive(desk, name, role='button'):
    return desk.find(name, role).get_state_set().contains(Atspi.StateType.SENSITIVE)


def model_is_ready(desk):
    """The model is loaded unasked; its row tells what it takes, before a run and after it."""
    ready(desk, steps=3)
    model_row(desk, r'^model, Ready · .*[\d.,]+.[kM]B.* in memory$')
    shot(desk, 'model-ready')
    generate(desk)
    model_row(desk, r'^model, Ready · .* in memory$')
    desk.key('Control+d')                                               # a favourite is the model's face
    time.sleep(0.5)
    shot(desk, 'model-face')


def model_goes(desk):
    """Its file is deleted while the program runs, and comes back."""
    folder = f'{desk.home}/Models/fleeting'
    shutil.copytree(MODEL, folder)
    desk.start('--model', folder)
    desk.write('Prompt', 'anything')
    model_row(desk, 'Ready')
    assert sensitive(desk, 'Generate')
    os.rename(folder, f'{desk.home}/elsewhere')
    model_row(desk, 'File is gone: fleeting')
    desk.find('Locate…', 'button')
    wait_for(lambda: not sensitive(desk, 'Generate'), 5, 'Generate to be insensitive')
    reason = desk.find('Generate', 'button').get_description()
    assert 'gone' in reason and 'fleeting' in reason, reason
    shot(desk, 'model-gone')
    os.rename(f'{desk.home}/elsewhere', folder)
    model_row(desk, 'Ready')
    wait_for(lambda: sensitive(desk, 'Generate'), 5, 'Generate to be sensitive')


def model_was_gone(desk):
    """A model that is not there at the start is named, not silently replaced."""
    desk.start('--model', f'{desk.home}/nowhere.safetensors')
    model_row(desk, 'File is gone: nowhere.safetensors')
    desk.find('Locate…', 'button')


def other_model_while_loading(desk):
    """The first load stops, the second one ends."""
    desk.start('--model', MODEL)
    assert desk.run('--model', f'{FIXTURES}/bk-tiny') == 0
    model_row(desk, '^bk-tiny, Ready')
    desk.write('Prompt', 'anything')
    desk.set_value('Steps', 4)
    generate(desk)
    assert settings_of(f'{desk.pictures}/{desk.files()[0]}')['model'].endswith('bk-tiny')


def models_by_keyboard(desk):
    """Among 500 models one is found, and chosen, without a pointer."""
    folder = f'{desk.home}/.local/share/sfumato/models'
    for i in range(250):
        for group in ('one', 'two'):
            os.makedirs(f'{folder}/{group}', exist_ok=True)
            open(f'{folder}/{group}/broken-{i:03d}.safetensors', 'wb').write(b'nothing')
    shutil.copytree(f'{FIXTURES}/bk-tiny', f'{folder}/one/sought')
    desk.start('--model', MODEL)
    model_row(desk, 'Ready')
    desk.key('Control+m')
    models = desk.find('Models', 'list')
    wait_for(lambda: desk.all(None, 'list item', models), 10, 'the models')
    time.sleep(0.5)
    shot(desk, 'models')
    assert len(desk.all(None, 'list item', models)) < 300, 'rows are made as they are seen'
    for c in 'sought': desk.key(c)
    wait_for(lambda: len(desk.all(None, 'list item', models)) == 1, 5, 'what was sought')
    shot(desk, 'models-found')
    desk.key('Down')
    desk.key('Return')
    model_row(desk, '^sought, Ready')


def model_details(desk):
    """A model that lacks a part says which, and what it has."""
    folder = f'{desk.home}/Models/half'
    shutil.copytree(MODEL, folder)
    shutil.rmtree(f'{folder}/vae')
    desk.start('--model', folder)
    model_row(desk, 'Parts are missing')
    shot(desk, 'model-problem')
    desk.press('Details')
    text = wait_for(lambda: [n.get_name() for n in desk.all(None, 'label') if 'Autoencoder: missing' in n.get_name()], 5, 'the details')[0]
    assert re.search(r'UNet: \d+ tensors', text), text
    shot(desk, 'model-details')


def little_memory(desk):
    """What does not fit fails before its first step, and the size that is offered instead works."""
    ready(desk, steps=4)
    model_row(desk, 'Ready')
    desk.set_value('Width', 1536)
    desk.set_value('Height', 768)
    desk.press('Generate')
    desk.find('Not enough memory for 1536 × 768', 'label', 60)
    model_row(desk, 'Ready')                                            # its weights have stayed
    button = wait_for(lambda: [b for b in desk.all(None, 'button') if b.get_name().startswith('Try ')], 5, 'an offer')[0]
    width, height = (int(n) for n in re.findall(r'\d+', button.get_name()))
    assert width < 1536 and width % 64 == 0 and height % 64 == 0 and abs(height - width / 2) <= 32, button.get_name()
    shot(desk, 'little-memory')
    button.get_action_iface().do_action(0)
    wait_for(desk.files, 120, 'the smaller picture')
    saved = settings_of(f'{desk.pictures}/{desk.files()[0]}')
    assert (saved['width'], saved['height']) == (width, height), saved


def many_pictures(desk):
    os.makedirs(desk.pictures)
    picture = open(f'{FIXTURES}/picture.png', 'rb').read()
    for i in range(10000):
        with open(f'{desk.pictures}/2026-01-01 00-00-{i:05d}.png', 'wb') as f: f.write(picture)
    desk.start('--model', MODEL)
    history = desk.find('History', 'list')
    wait_for(lambda: desk.all(None, 'list item', history), 30, 'the history')
    desk.key('Control+g')
    grid = desk.find('Gallery', 'table', 15)
    wait_for(lambda: desk.all(None, 'table cell', grid), 15, 'the gallery')
    time.sleep(2)
    shot(desk, 'gallery')
    alive = len(desk.all(None, 'table cell', grid)) + len(desk.all(None, 'list item', history))
    assert alive < 1000, f'{alive} list widgets are alive'


def looks(desk):
    """Screenshots of other surroundings; the names must still be there."""
    desk.start('--model', MODEL, '--prompt', 'a red boat on the sea')
    desk.find('Generate', 'button')
    time.sleep(0.7)
    shot(desk, desk.look)


def one(name):
    """Runs a test on a desk of its own; true when it held and the program had nothing to complain of."""
    look = name.removeprefix('looks-')
    test = globals()[name] if look == name else looks
    desk = Desk(PROGRAM, DATA, **LOOKS.get(look, {}), **SURROUNDINGS.get(name, {}))
    desk.look = look
    try:
        test(desk)
        bad = desk.warnings()
        assert not bad, ''.join(bad)
        return True
    except Exception:
        traceback.print_exc(file=sys.stdout)
        try: shot(desk, f'failed-{name}')
        except Exception: pass
        print(''.join(open(desk.log).readlines()[-8:]) if os.path.exists(desk.log) else '')
        return False
    finally:
        desk.close()


LOOKS = {'narrow': dict(size='480x900'), 'small': dict(size='900x700'), 'dark': dict(ADW_DEBUG_COLOR_SCHEME='prefer-dark'),
         'high-contrast': dict(ADW_DEBUG_HIGH_CONTRAST='1'), 'right-to-left': dict(GTK_DEBUG='', SFU_TEST_RTL='1')}
SURROUNDINGS = {'little_memory': dict(SFU_BUDGET_MIB='40')}
TESTS = [contract_names, previews_and_picture, keyboard_generates_and_stops, settings_come_back, queue, scrub_keep_continue, delete_and_undo,
         crash, bad_model, many_pictures, model_is_ready, model_goes, model_was_gone, other_model_while_loading, models_by_keyboard,
         model_details, little_memory]

if len(sys.argv) > 4: sys.exit(not one(sys.argv[4]))
names = [t.__name__ for t in TESTS] + [f'looks-{l}' for l in LOOKS]
print(f'1..{len(names)}', flush=True)
failed = 0
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    child = lambda name: subprocess.run([sys.executable, __file__, PROGRAM, DATA, SHOTS, name], stdout=subprocess.PIPE, text=True)
    for number, (name, done) in enumerate(zip(names, pool.map(child, names)), 1):
        failed += done.returncode != 0
        for line in done.stdout.splitlines(): print('#', line)
        print('ok' if done.returncode == 0 else 'not ok', number, name, flush=True)
sys.exit(failed > 0)
