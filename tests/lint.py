"""What no compiler checks: lint.py SOURCE_ROOT

Layers include only what is below them, files stay short enough to hold one idea, shaders say what they are. Prints TAP.
"""
import glob, os, re, subprocess, sys

ROOT = sys.argv[1]
os.chdir(ROOT)
SOURCES = sorted(f for d in ('app', 'gpu', 'tests') for f in glob.glob(f'{d}/**/*.[ch]', recursive=True))

# Folder -> folders whose headers it may include. What is not listed is forbidden.
LAYERS = {
    'gpu/vk': [], 'gpu/tensor': ['gpu/vk'], 'gpu/ops': ['gpu/vk', 'gpu/tensor'], 'gpu/graph': ['gpu/vk', 'gpu/tensor', 'gpu/ops'],
    'gpu/nets': ['gpu/vk', 'gpu/tensor', 'gpu/ops', 'gpu/graph'],
    'app/model': ['gpu/tensor', 'gpu/nets'], 'app/text': [], 'app/sampling': [], 'app/image': [],
    'app/engine': ['gpu/vk', 'gpu/tensor', 'gpu/ops', 'gpu/graph', 'gpu/nets', 'app/model', 'app/text', 'app/sampling', 'app/image'],
    'app/studio': ['gpu/vk', 'app/engine', 'app/image', 'app/model', 'app/sampling', 'app/text'],
    'app/widgets': ['gpu/vk', 'app/studio', 'app/engine', 'app/image', 'app/model', 'app/sampling', 'app/text'],
    'app/cli': ['app/engine', 'app/image', 'app/model', 'app/sampling', 'app/text', 'gpu/vk'],
}


def headers():
    return {os.path.basename(f): os.path.dirname(f) for f in SOURCES if f.endswith('.h')}


def layers():
    where = headers()
    for f in SOURCES:
        folder = os.path.dirname(f)
        if folder not in LAYERS: continue
        for name in re.findall(r'#include [<"]([\w.-]+\.h)[>"]', open(f).read()):
            home = where.get(name)
            if home and home != folder and home not in LAYERS[folder]: yield f'{f} includes {name} of {home}'
            if name == 'vulkan.h': yield f'{f} includes vulkan.h'
        if 'vulkan/vulkan.h' in open(f).read() and not (folder == 'gpu/vk' and f.endswith(('-private.h', '.c'))): yield f'{f} includes vulkan.h'
        if folder.startswith('gpu') and re.search(r'getenv|gtk', open(f).read()): yield f'{f} looks beyond its layer'


def lengths():
    for f in SOURCES + glob.glob('shaders/**/*', recursive=True):
        if os.path.isfile(f):
            n = sum(1 for _ in open(f))
            if n > (200 if f.endswith('.comp') else 900): yield f'{f} has {n} lines'


def shader_headers():
    for f in glob.glob('shaders/*.comp'):
        first = open(f).readline()
        if not first.startswith(f'// {os.path.basename(f)}: '): yield f'{f} does not begin with what it is'


def spaces():
    for f in SOURCES + glob.glob('shaders/**/*.*', recursive=True) + ['dev', 'README.md']:
        for i, line in enumerate(open(f), 1):
            if line.rstrip('\n') != line.rstrip('\n').rstrip() or '\t' in line: yield f'{f}:{i} has stray white space'


def unfinished():
    for f in SOURCES + glob.glob('shaders/*.comp'):
        if re.search(r'\b(TODO|FIXME|XXX)\b', open(f).read()): yield f'{f} is unfinished'


def shell_syntax():
    for f in ('dev', '.ci/run'):
        r = subprocess.run(['sh', '-n', f], capture_output=True, text=True)
        if r.returncode: yield f'{f}: {r.stderr.strip()}'


def manual():
    try: r = subprocess.run(['mandoc', '-Tlint', '-Wwarning', 'data/man/sfumato-cli.1'], capture_output=True, text=True)
    except FileNotFoundError: return
    yield from r.stdout.splitlines()


def shortcuts():
    """Every key does one thing, and every action that a key is for exists."""
    table = open('app/widgets/sfu-shortcuts.c').read()
    rows = re.findall(r'\{ N_\("([^"]+)"\), (NULL|"[\w.-]+"), \{ ("[^}]+") \}', table)
    if len(rows) < 40: yield f'only {len(rows)} shortcuts were understood'
    actions = set(re.findall(r'\{ "(win\.[\w-]+)"', open('app/widgets/sfu-window-actions.c').read())) | {'window.close', 'app.quit'}
    owner = {}
    for title, action, keys in rows:
        if action != 'NULL' and action.strip('"') not in actions: yield f'“{title}”: there is no action {action}'
        for key in re.findall(r'"([^"]+)"', keys):
            same = (frozenset(re.findall(r'<(\w+)>', key.lower())), re.sub(r'<\w+>', '', key).lower())
            if same in owner: yield f'{key} is for “{owner[same]}” and for “{title}”'
            owner[same] = title


checks = [layers, lengths, shader_headers, spaces, shortcuts, unfinished, shell_syntax, manual]
print(f'1..{len(checks)}')
failed = 0
for i, check in enumerate(checks, 1):
    found = list(check())
    failed += bool(found)
    print('not ok' if found else 'ok', i, check.__name__)
    for line in found[:20]: print('#', line)
sys.exit(1 if failed else 0)
