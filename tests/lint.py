"""What no compiler checks: lint.py SOURCE_ROOT MODULES

Layers include only what is below them, files stay short enough to hold one idea, shaders say what they are, the desktop's files
and icons are sound, every translatable file is known to the translators. MODULES is the folder with the shaders' SPIR-V, which is
valid, also where no device here can load it. Prints TAP.
"""
import glob, os, re, shutil, subprocess, sys, tempfile, xml.etree.ElementTree as xml

ROOT, MODULES = map(os.path.abspath, sys.argv[1:3])
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
    for f in ('dev', '.ci/run', *glob.glob('tests/device/*.sh')):
        r = subprocess.run(['sh', '-n', f], capture_output=True, text=True)
        if r.returncode: yield f'{f}: {r.stderr.strip()}'


def manual():
    try: r = subprocess.run(['mandoc', '-Tlint', '-Wwarning', 'data/man/sfumato-cli.1'], capture_output=True, text=True)
    except FileNotFoundError: return
    yield from r.stdout.splitlines()


class Skip(Exception):
    """A tool is missing."""


def run(*command):
    """What COMMAND says, in English, where it fails."""
    if not shutil.which(command[0]): raise Skip(f'{command[0]} is missing')
    r = subprocess.run(command, capture_output=True, text=True, env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    return [line for line in (r.stdout + r.stderr).splitlines() if line.strip()] or [f'{command[0]} failed'] if r.returncode else []


def validate(template, *command):
    """Runs a validator on a template of data/ under the name that it gets when it is built."""
    with tempfile.TemporaryDirectory() as folder:
        yield from run(*command, shutil.copy(f'data/{template}.in', f'{folder}/{template}'))


def spirv():
    found = sorted(glob.glob(f'{MODULES}/*.spv'))
    if not found: yield f'there is no SPIR-V in {MODULES}'
    for f in found:
        for line in run('spirv-val', '--target-env', 'vulkan1.3', '--scalar-block-layout', f): yield f'{os.path.basename(f)}: {line}'


def desktop_file():
    yield from validate('app.sfumato.desktop', 'desktop-file-validate')


def metainfo():
    """Two warnings are known: our name has two parts instead of three, and there is no home page."""
    known = r'cid-desktopapp-is-not-rdns|url-homepage-missing|^. Validation failed|^I:'
    yield from (line for line in validate('app.sfumato.metainfo.xml', 'appstreamcli', 'validate', '--no-net') if not re.search(known, line))


def icons():
    """Each is well-formed; symbolic ones are of the kind that GTK can recolour; those that the program brings along exist."""
    listed = set(re.findall(r'>([\w.-]+\.svg)<', open('ui/ui.gresource.xml').read()))
    for f in glob.glob('data/icons/*'):
        name = os.path.basename(f)
        try: root = xml.parse(f).getroot()
        except xml.ParseError as e: yield f'{f}: {e}'; continue
        side = '16' if '-symbolic' in name else '128'
        if (root.get('width'), root.get('height'), root.get('viewBox')) != (side, side, f'0 0 {side} {side}'): yield f'{f} is not {side} by {side}'
        if side == '16':
            for e in root.iter():
                kind = e.tag.split('}')[1]
                if kind not in ('svg', 'path', 'circle', 'rect') or e.get('fill', '#2e3436') != '#2e3436' or e.get('stroke'):
                    yield f'{f}: only paths, circles and rectangles filled with #2e3436 follow the text colour, not {kind}'
        if name.startswith('sfu-') and name not in listed: yield f'{f} is not in ui/ui.gresource.xml'
    for name in listed - set(os.listdir('data/icons')): yield f'{name} is missing'


def icons_load():
    try:
        import gi
        gi.require_version('GdkPixbuf', '2.0')
        from gi.repository import GdkPixbuf, GLib
    except (ImportError, ValueError): raise Skip('GdkPixbuf is missing')
    for f in glob.glob('data/icons/*.svg'):
        try: picture = GdkPixbuf.Pixbuf.new_from_file_at_size(f, 32, 32)
        except GLib.Error as e: yield f'{f}: {e.message}'; continue
        if not any(picture.get_pixels()): yield f'{f} is empty'


# What marks text for translation, in C and in XML.
MARKED = r'\b(?:_|N_|C_|NC_|ngettext|g_d[np]?gettext2?)\s*\(\s*(?:\w+,\s*)?"|translatable="(?:yes|true|1)"'


def words(f):
    return [word for line in open(f) if not line.startswith('#') for word in line.split()]


def potfiles():
    listed = words('po/POTFILES.in')
    for f in listed:
        if not os.path.exists(f): yield f'{f} is in po/POTFILES.in and nowhere else'
    for f in sorted(glob.glob('app/**/*.[ch]', recursive=True) + glob.glob('ui/*.ui') + glob.glob('data/*.desktop.in') + glob.glob('data/*.xml.in')):
        if f not in listed and (f.endswith('.in') or re.search(MARKED, open(f).read())): yield f'{f} has text for translators and is not in po/POTFILES.in'
    if len(listed) != len(set(listed)): yield 'po/POTFILES.in names a file twice'


def translations():
    languages = words('po/LINGUAS')
    for f in sorted(glob.glob('po/*.po')):
        if os.path.basename(f)[:-3] not in languages: yield f'{f} is not in po/LINGUAS'
    for language in languages:
        if os.path.exists(f'po/{language}.po'): yield from run('msgfmt', '--check', '-o', os.devnull, f'po/{language}.po')
        else: yield f'po/LINGUAS names {language}, but there is no po/{language}.po'


def breakpoints():
    """A breakpoint that sets a property twice makes libadwaita read freed memory when the window goes."""
    for f in glob.glob('ui/*.ui'):
        for point in xml.parse(f).getroot().iter('object'):
            if point.get('class') != 'AdwBreakpoint': continue
            setters = [(s.get('object'), s.get('property')) for s in point.findall('setter')]
            for twice in {s for s in setters if setters.count(s) > 1}: yield f'{f}: a breakpoint sets {twice[0]}:{twice[1]} twice'


def shortcuts():
    """Every key does one thing where it works, and every action that a key is for exists."""
    table = open('app/widgets/sfu-shortcuts.c').read()
    rows = re.findall(r'\{ N_\("([^"]+)"\), (NULL|"[\w.-]+"), \{ ("[^}]+") \}(?:, (\w+))?', table)
    if len(rows) < 40: yield f'only {len(rows)} shortcuts were understood'
    actions = set(re.findall(r'\{ "(win\.[\w-]+)"', open('app/widgets/sfu-window-actions.c').read())) | {'window.close', 'app.quit'}
    owners = {}
    for title, action, keys, place in rows:
        if action == 'NULL': place = 'a widget that handles it itself'
        elif action.strip('"') not in actions: yield f'“{title}”: there is no action {action}'
        for key in re.findall(r'"([^"]+)"', keys):
            same = owners.setdefault((frozenset(re.findall(r'<(\w+)>', key.lower())), re.sub(r'<\w+>', '', key).lower()), {})
            for other, owner in same.items():
                if place == other or not place or not other: yield f'{key} is for “{owner}” and for “{title}”'
            same[place] = title


checks = [layers, lengths, shader_headers, spirv, spaces, shortcuts, unfinished, shell_syntax, manual, desktop_file, metainfo, icons,
          icons_load, potfiles, breakpoints, translations]
print(f'1..{len(checks)}')
failed = 0
for i, check in enumerate(checks, 1):
    try: found = list(check())
    except Skip as e:
        print('ok', i, check.__name__, '# SKIP', e)
        continue
    failed += bool(found)
    print('not ok' if found else 'ok', i, check.__name__)
    for line in found[:20]: print('#', line)
sys.exit(1 if failed else 0)
