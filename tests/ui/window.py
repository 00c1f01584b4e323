"""A real window, used by hand and by a screen reader's means: window.py PROGRAM DATA [SCREENSHOT_FOLDER [TEST]]. Prints TAP.

Every test has a process of its own, as the accessibility library knows one session for good.
"""
import concurrent.futures, json, os, re, shutil, signal, struct, subprocess, sys, time, traceback, zlib

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


def click(desk, name, role):
    """For rows, which have no action that a screen reader could press."""
    desk.x.move(*desk.place(desk.find(name, role)))
    for down in (True, False): desk.x.button(1, down)


def deep_layers_reused(desk):
    """The switch and its two numbers, in the picture that comes of it, and back from there."""
    ready(desk)
    click(desk, 'Advanced', 'list item')
    desk.press('Reuse deep layers', 'check box')
    wait_for(lambda: desk.value('Steps to a full one') == 3 and desk.value('Branch') == 0, 5, 'the two numbers')
    desk.set_value('Steps to a full one', 2)
    desk.set_value('Branch', 99)
    wait_for(lambda: desk.value('Branch') == 11, 2, 'no branch that the model has not')
    desk.set_value('Branch', 4)
    desk.press('Fresh noise in each step', 'check box')
    desk.set_value('Amount (eta)', 0.5)
    desk.press('Fresh noise in each step', 'check box')             # the switch is called so, whatever the row unfolds
    shot(desk, 'deep-layers')
    generate(desk)
    made = settings_of(f'{desk.pictures}/{desk.files()[0]}')
    assert (made['deepcache'], made['deepcache-branch']) == (2, 4), made
    click(desk, 'Reset to Defaults', 'button')
    is_on = lambda: desk.find('Reuse deep layers', 'check box').get_state_set().contains(Atspi.StateType.CHECKED)
    wait_for(lambda: not is_on(), 5, 'the reset')
    desk.press('Fresh noise in each step', 'check box')
    assert desk.value('Amount (eta)') == 0, 'the amount is reset too'
    desk.press('Fresh noise in each step', 'check box')
    assert desk.run('--settings', f'{desk.pictures}/{desk.files()[0]}') == 0
    wait_for(lambda: desk.value('Branch') == 4 and desk.value('Steps to a full one') == 2 and is_on(), 8, 'all is back')


def settings_restored_by_drop(desk):
    ready(desk, 'two white boats')
    desk.set_value('Guidance', 3)
    generate(desk)
    seed = desk.seed()
    desk.write('Prompt', 'something else')
    desk.set_value('Guidance', 9)
    desk.set_value('Steps', 33)
    for window in desk.x.windows(): desk.x.manage(window)
    other = subprocess.Popen([sys.executable, f'{os.path.dirname(__file__)}/drag_file.py', f'{desk.pictures}/{desk.files()[0]}'],
                             env=desk.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        desk.x.manage(int(other.stdout.readline()), 1480, 0)
        wait_for(lambda: desk.pixel(1580, 150) != (0, 0, 0), 10, 'the other window')
        desk.drag((1580, 100), desk.place(desk.find('Canvas', 'image')), lambda: desk.find('Restore Settings', 'label'))
        wait_for(lambda: desk.text('Prompt') == 'two white boats', 5, 'the prompt')
    finally: other.kill()
    assert desk.value('Guidance') == 3 and desk.value('Steps') == 6 and desk.seed() == seed, 'all fields are back'
    assert not desk.all('Restore Settings', 'label'), 'the zones are gone'


def wheel_changes_nothing(desk):
    desk.start('--model', MODEL)
    names = ('Steps', 'Guidance', 'Width', 'Height')
    before = {name: desk.value(name) for name in names}
    for name in names:
        x, y = desk.place(desk.find(name, 'spin button'))
        desk.x.move(x, y)
        for direction in (5, 5, 4, 4, 4):
            for down in (True, False): desk.x.button(direction, down)
            time.sleep(0.05)
        assert {n: desk.value(n) for n in names} == before, f'the wheel over {name}'
    for number in (1, 4):                                           # and it was over them: the one that is written in takes it
        for down in (True, False): desk.x.button(number, down)
        time.sleep(0.1)
    wait_for(lambda: desk.value('Height') == before['Height'] + 8, 2, 'the wheel where one writes')


def tab_reaches_everything(desk):
    os.makedirs(desk.pictures)
    shutil.copy(f'{FIXTURES}/picture.png', desk.pictures)
    desk.start('--model', MODEL, '--prompt', 'a boat')
    wait_for(lambda: desk.all(None, 'list item', desk.find('History', 'list')), 5, 'the picture in the history')
    desk.key('Control+e')
    wanted, seen = {'Prompt', 'Negative prompt', 'Model', 'Width', 'Height', 'Steps', 'Guidance', 'Scheduler', 'Seed', 'New Seed', 'Keep This Seed',
                    'Swap Width and Height', 'Generate', 'How Many Pictures', 'Queue', 'Canvas', 'Step', 'History'}, []
    for _ in range(60):
        seen += [name for n in desk.all_focused() for name in (n.get_name(), n.get_parent().get_name())]
        if wanted <= set(seen): break
        desk.key('Tab')
    assert wanted <= set(seen), f'{wanted - set(seen)} were not among {list(dict.fromkeys(seen))}'
    order = [n for n in dict.fromkeys(seen) if n in ('Prompt', 'Negative prompt', 'Model', 'Width', 'Height', 'Steps', 'Guidance', 'Scheduler', 'Seed')]
    assert order == ['Prompt', 'Negative prompt', 'Model', 'Width', 'Height', 'Steps', 'Guidance', 'Scheduler', 'Seed'], order


def picture_opened_from_outside(desk):
    ready(desk, 'a picture from elsewhere')
    generate(desk)
    elsewhere = f'{desk.home}/elsewhere.png'
    os.rename(f'{desk.pictures}/{desk.files()[0]}', elsewhere)
    desk.write('Prompt', 'something else')
    assert desk.run(elsewhere) == 0, 'a second start hands over'
    desk.find("This picture's settings were found", 'label')
    assert desk.text('Prompt') == 'something else', 'looking changes nothing'
    shot(desk, 'settings-found')
    desk.press('Restore')
    wait_for(lambda: desk.text('Prompt') == 'a picture from elsewhere', 5, 'the prompt')


def fill_queue(desk, steps):
    """One picture running, of so many steps, and three waiting in the open queue."""
    ready(desk, 'first', steps)
    desk.press('Generate')
    desk.find('Stop', 'button')
    for prompt in ('second', 'third', 'fourth'):
        desk.write('Prompt', prompt)
        desk.set_value('Steps', 4)
        desk.key('Control+e')
        desk.key('Control+Return')
    desk.key('Control+j')


def queue(desk):
    fill_queue(desk, 60)
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
    grid = desk.find('Gallery', 'list', 15)
    wait_for(lambda: len(desk.all(None, 'list item', grid)) > 20, 15, 'the gallery')
    time.sleep(2)
    shot(desk, 'gallery')
    alive = len(desk.all(None, 'list item', grid)) + len(desk.all(None, 'list item', history))
    assert alive < 1000, f'{alive} list widgets are alive'


def waiting(desk):
    """The prompts in the queue, first to come first."""
    return [desk.all(None, 'label', row)[0].get_name() for row in desk.all(None, 'list item', desk.find('Queue', 'list'))]


def queue_by_keyboard(desk):
    fill_queue(desk, 900)
    wait_for(lambda: waiting(desk) == ['second', 'third', 'fourth'], 5, 'the queue, with the focus on its first')
    desk.find('Stop This Picture', 'button')
    desk.key('Alt+Down')
    wait_for(lambda: waiting(desk) == ['third', 'second', 'fourth'], 5, 'the second one further down')
    desk.key('Alt+Down')
    wait_for(lambda: waiting(desk) == ['third', 'fourth', 'second'], 5, 'the focus to have gone with it')
    desk.key('Alt+Home')
    wait_for(lambda: waiting(desk) == ['second', 'third', 'fourth'], 5, 'the second one in front')
    desk.key('Shift+F10')
    wait_for(lambda: desk.all(None, 'menu item'), 5, 'the menu, with Duplicate in the second place')
    desk.key('Down')
    desk.key('Return')
    wait_for(lambda: waiting(desk) == ['second', 'second', 'third', 'fourth'], 5, 'the duplicate')
    desk.key('Down')
    desk.key('Down')
    desk.key('Delete')
    wait_for(lambda: waiting(desk) == ['second', 'second', 'fourth'], 5, 'the third one to go')
    wait_for(lambda: desk.press('Undo') or True, 8, 'the way back')
    wait_for(lambda: waiting(desk) == ['second', 'second', 'third', 'fourth'], 5, 'it to be back at its place')
    shot(desk, 'queue-moved')
    desk.press('Pause', 'toggle button')
    desk.press('Clear Waiting')
    desk.find('Nothing is waiting', 'label')
    desk.key('Escape')
    desk.press('Stop')
    idle(desk)


def picture_with(path, days_ago=0, **settings):
    """The fixtures' picture with settings of ours in it, as if made so many days ago."""
    data = open(f'{FIXTURES}/picture.png', 'rb').read()
    body = b'sfumato\0' + json.dumps({'steps': 20, 'guidance': 7.5, 'width': 64, 'height': 64, 'seed': '1', **settings}).encode()
    chunk = struct.pack('>I', len(body)) + b'tEXt' + body + struct.pack('>I', zlib.crc32(b'tEXt' + body))
    with open(path, 'wb') as f: f.write(data[:33] + chunk + data[33:])
    os.utime(path, (time.time() - 86400 * days_ago,) * 2)


def failed_tile(desk):
    desk.start('--model', MODEL)
    picture_with(f'{desk.home}/broken.png', prompt='a fox', model=MODEL, image=f'{desk.home}/there-is-none.png', strength=0.5)
    assert desk.run('--settings', f'{desk.home}/broken.png') == 0
    wait_for(lambda: desk.text('Prompt') == 'a fox', 8, 'the settings')
    tiles = lambda: [b for b in desk.all(None, 'button') if b.get_name().startswith('This picture failed: ')]
    desk.press('Generate')
    tile = wait_for(tiles, 60, 'the warning tile')[0]
    assert 'there-is-none' in tile.get_name(), tile.get_name()
    shot(desk, 'failed-tile')
    tile.get_action_iface().do_action(0)
    desk.find('Details', 'button')
    wait_for(lambda: not tiles(), 5, 'the tile to go')


def comparing(desk):
    os.makedirs(desk.pictures)
    picture_with(f'{desk.pictures}/newer.png', prompt='a boat', guidance=3.0)
    picture_with(f'{desk.pictures}/older.png', 1, prompt='a boat')
    desk.start('--model', MODEL, f'{desk.pictures}/newer.png')
    wait_for(lambda: desk.canvas() == 'a boat, seed 1', 20, 'the picture')
    desk.key('F6')
    desk.key('c')
    wait_for(lambda: desk.canvas().startswith('Comparing'), 8, 'the comparison')
    said = re.sub('[\u2066-\u2069]', '', desk.canvas())
    assert said == 'Comparing two pictures. Left: Guidance 7.5. Right: Guidance 3.0', f'only what differs is said: {said}'
    for key in ('Right', 'Right', 'Right'): desk.key(key)
    shot(desk, 'comparing')
    desk.key('a')
    desk.key('s')
    shot(desk, 'side-by-side')
    desk.key('Escape')
    wait_for(lambda: desk.canvas() == 'a boat, seed 1', 5, 'the end of the comparison')


def gallery_by_keyboard(desk):
    os.makedirs(desk.pictures)
    for i, prompt in enumerate(('a red boat', 'a misty lake', 'a lake at night', 'a fox in the snow')):
        picture_with(f'{desk.pictures}/{i}.png', i // 2 + i / 1000, prompt=prompt, seed=str(100 + i))
    desk.start('--model', MODEL)
    grid = lambda: [n.get_name() for n in desk.all(None, 'list item', desk.find('Gallery', 'list')) if ', seed ' in n.get_name()]
    wait_for(lambda: desk.all(None, 'list item', desk.find('History', 'list')), 20, 'the history')
    desk.key('Control+f')
    wait_for(lambda: len(grid()) == 4, 8, 'the gallery')
    time.sleep(0.5)
    for key in 'lake': desk.key(key)
    wait_for(lambda: grid() == ['a misty lake, seed 101', 'a lake at night, seed 102'], 8, 'the two lakes')
    desk.key('Return')
    desk.key('Right')
    desk.key('Control+d')
    wait_for(lambda: grid()[1] == 'a lake at night, seed 102, favourite', 5, 'the star')
    shot(desk, 'gallery-search')
    desk.key('Delete')
    wait_for(lambda: '2.png' not in desk.files() and len(grid()) == 1, 5, 'the picture to go')
    desk.key('Control+z')
    wait_for(lambda: '2.png' in desk.files() and len(grid()) == 2, 5, 'the picture to come back')
    desk.key('Control+f')
    for key in 'xyz': desk.key(key)
    desk.find('Nothing Found', 'label')
    desk.key('Escape')
    wait_for(lambda: len(grid()) == 4, 5, 'all pictures again')
    desk.key('Escape')
    wait_for(lambda: not desk.all('Gallery', 'list'), 5, 'the stage')


def stars_outlive_an_absent_drive(desk):
    """The folder of pictures is not there for once: its favourites are still favourites when it is back."""
    os.makedirs(desk.pictures)
    for i in range(2): picture_with(f'{desk.pictures}/{i}.png', i, prompt='a boat', seed=str(i))
    star = lambda: [n for n in desk.all(None, 'list item') if n.get_name().endswith('seed 0, favourite')]
    desk.start('--model', MODEL)
    desk.key('Control+f')
    wait_for(lambda: [n for n in desk.all(None, 'list item', desk.find('Gallery', 'list')) if n.get_name().endswith('seed 0')], 8, 'the gallery')
    desk.key('Return')
    time.sleep(0.5)
    desk.key('Control+d')
    wait_for(star, 5, 'the star')
    time.sleep(2.5)                                        # longer than it takes to write the index
    desk.kill()
    shutil.move(desk.pictures, f'{desk.home}/away')
    desk.start('--model', MODEL)
    time.sleep(2.5)
    desk.kill()
    shutil.rmtree(desk.pictures, ignore_errors=True)
    shutil.move(f'{desk.home}/away', desk.pictures)
    desk.start('--model', MODEL)
    desk.key('Control+f')
    wait_for(star, 8, 'the star to be back')


def menu_of_a_narrow_window(desk):
    """F10 opens the main menu in both layouts, each of which has a button of its own."""
    folder = f'{desk.home}/.config/glib-2.0/settings'
    for width in (1440, 420):
        os.makedirs(folder, exist_ok=True)
        with open(f'{folder}/keyfile', 'w') as f: f.write(f'[app/sfumato]\nwidth={width}\nheight=800\n')
        desk.start('--model', MODEL)
        desk.find('History' if width == 1440 else 'Generate')
        desk.key('F10')
        wait_for(lambda: len(desk.all(None, 'menu item')) >= 5, 5, 'the menu')
        shot(desk, f'menu-{width}')
        desk.kill()


def one(name):
    """Runs a test on a desk of its own; true when it held and the program had nothing to complain of."""
    desk = Desk(PROGRAM, DATA, size='1700x920', **SURROUNDINGS.get(name, {}))
    try:
        globals()[name](desk)
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


SURROUNDINGS = {'little_memory': dict(SFU_BUDGET_MIB='24')}
TESTS = [contract_names, previews_and_picture, keyboard_generates_and_stops, settings_come_back, deep_layers_reused, settings_restored_by_drop,
         picture_opened_from_outside, wheel_changes_nothing, tab_reaches_everything, queue, scrub_keep_continue, delete_and_undo,
         crash, bad_model, many_pictures, queue_by_keyboard, failed_tile, comparing, gallery_by_keyboard, model_is_ready,
         model_goes, model_was_gone, other_model_while_loading, models_by_keyboard, model_details, little_memory,
         stars_outlive_an_absent_drive, menu_of_a_narrow_window]

if len(sys.argv) > 4: sys.exit(not one(sys.argv[4]))
names = [t.__name__ for t in TESTS]
print(f'1..{len(names)}', flush=True)
failed = 0
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    child = lambda name: subprocess.run([sys.executable, __file__, PROGRAM, DATA, SHOTS, name], stdout=subprocess.PIPE, text=True)
    for number, (name, done) in enumerate(zip(names, pool.map(child, names)), 1):
        failed += done.returncode != 0
        for line in done.stdout.splitlines(): print('#', line)
        print('ok' if done.returncode == 0 else 'not ok', number, name, flush=True)
sys.exit(failed > 0)
