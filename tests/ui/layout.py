"""The window in all its surroundings: layout.py PROGRAM PO_SOURCE [SCREENSHOT_FOLDER [LOOK]]. Prints TAP.

Each has a process of its own (layout.c), as direction, language and colours are set once; two screens are drawn on at a time.
"""
import os, queue, shutil, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(__file__))
from desk import QUIET, Screen

PROGRAM, PO = sys.argv[1], sys.argv[2]
SHOTS = sys.argv[3:4]
DARK, CONTRAST = {'ADW_DEBUG_COLOR_SCHEME': 'prefer-dark'}, {'ADW_DEBUG_HIGH_CONTRAST': '1'}
# Name -> size, scale of text, direction, environment
LOOKS = {
    'default': ('1440x920', 1, 'ltr', {}), 'small': ('900x700', 1, 'ltr', {}), 'narrow': ('480x900', 1, 'ltr', {}),
    'tiny': ('360x640', 1, 'ltr', {}), 'large-text': ('1440x920', 1.5, 'ltr', {}), 'large-text-narrow': ('480x900', 1.5, 'ltr', {}),
    'right-to-left': ('1440x920', 1, 'rtl', {}), 'right-to-left-narrow': ('480x900', 1, 'rtl', {}),
    'dark': ('1440x920', 1, 'ltr', DARK), 'high-contrast': ('1440x920', 1, 'ltr', CONTRAST),
    'dark-high-contrast-narrow': ('480x900', 1, 'ltr', {**DARK, **CONTRAST}),
}


def languages():
    path = f'{PO}/LINGUAS'
    lines = open(path).read().splitlines() if os.path.exists(path) else []
    return [word for line in lines for word in line.split('#')[0].split()]


def make_locale(folder):
    """gettext translates nothing in the C locale, and another need not be installed: the same under another name."""
    for source in ('/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8'):
        if os.path.isdir(source): shutil.copytree(source, f'{folder}/en_US.utf8')
    return {'LOCPATH': folder, 'LC_ALL': 'en_US.UTF-8'} if os.path.isdir(f'{folder}/en_US.utf8') else {}


def look(name):
    screen = screens.get()
    size, scale, direction, environment = LOOKS[name]
    try:
        return subprocess.run([PROGRAM, name, size, str(scale), direction, *SHOTS], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**screen.environment, **environment}, timeout=120)
    finally: screens.put(screen)


for language in languages():
    LOOKS[f'language-{language}'] = ('1440x920', 1, 'ltr', {'LANGUAGE': language})
    LOOKS[f'language-{language}-narrow'] = ('360x640', 1, 'ltr', {'LANGUAGE': language})
names = sys.argv[4:] or list(LOOKS)
for folder in SHOTS: os.makedirs(folder, exist_ok=True)
print(f'1..{len(names)}', flush=True)
screens, failed = queue.Queue(), 0
desks = [Screen('1500x1000', **QUIET) for _ in range(2)]
for screen in desks:
    screen.environment.update(make_locale(f'{screen.home}/locale'))
    screens.put(screen)
with ThreadPoolExecutor(len(desks)) as pool:
    for number, (name, done) in enumerate(zip(names, pool.map(look, names)), 1):
        failed += done.returncode != 0
        for line in done.stdout.splitlines(): print('#', line)
        if done.returncode < 0: print(f'# it was ended by signal {-done.returncode}')
        print('ok' if done.returncode == 0 else 'not ok', number, name, flush=True)
for screen in desks: screen.close()
sys.exit(failed > 0)
