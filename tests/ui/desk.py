"""A desktop of its own for one program: X server without a screen, session bus, home folder; and hands to use it.

The window is found and used as a screen reader does it, by AT-SPI, and by the keyboard (XTEST).
"""
import ctypes, os, re, shutil, signal, struct, subprocess, tempfile, time, zlib

import gi
gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib


class Hands:
    """Keys and pointer by the X server's test extension."""
    def __init__(self, display):
        self.x, self.test = ctypes.CDLL('libX11.so.6'), ctypes.CDLL('libXtst.so.6')
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.x.XOpenDisplay(display.encode()))

    def key(self, symbol, down):
        code = self.x.XKeysymToKeycode(self.handle, ctypes.c_ulong(symbol))
        self.test.XTestFakeKeyEvent(self.handle, ctypes.c_uint(code), ctypes.c_int(down), ctypes.c_ulong(0))
        self.x.XFlush(self.handle)

    def move(self, x, y):
        self.test.XTestFakeMotionEvent(self.handle, ctypes.c_int(-1), ctypes.c_int(int(x)), ctypes.c_int(int(y)), ctypes.c_ulong(0))
        self.x.XFlush(self.handle)

    def manage(self, window, x=0, y=0):
        """What a window manager would do: puts a window somewhere and says that it is one, for drag and drop."""
        state, value = self.x.XInternAtom(self.handle, b'WM_STATE', 0), (ctypes.c_long * 2)(1, 0)
        self.x.XMoveWindow(self.handle, ctypes.c_ulong(window), ctypes.c_int(x), ctypes.c_int(y))
        self.x.XChangeProperty(self.handle, ctypes.c_ulong(window), ctypes.c_ulong(state), ctypes.c_ulong(state), 32, 0, value, 2)
        self.x.XSync(self.handle, 0)

    def windows(self):
        """All windows that are shown, lowest first."""
        root, parent, children, n = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XQueryTree(self.handle, ctypes.c_ulong(self.x.XDefaultRootWindow(self.handle)), ctypes.byref(root), ctypes.byref(parent),
                          ctypes.byref(children), ctypes.byref(n))
        return [children[i] for i in range(n.value) if self.is_shown(children[i])]

    def is_shown(self, window):
        attributes = (ctypes.c_int * 64)()                          # XWindowAttributes: map_state is at byte 92
        self.x.XGetWindowAttributes(self.handle, ctypes.c_ulong(window), attributes)
        return attributes[2] > 1 and attributes[23] == 2

    def button(self, number, down):
        """1 is the left one; 4 and 5 are the wheel's two directions."""
        self.test.XTestFakeButtonEvent(self.handle, ctypes.c_uint(number), ctypes.c_int(down), ctypes.c_ulong(0))
        self.x.XFlush(self.handle)


# For programs that need neither a screen reader, nor a bus, nor the graphics card to draw with
QUIET = {'GDK_DISABLE': 'gl,vulkan,dmabuf', 'GSETTINGS_BACKEND': 'memory', 'GTK_A11Y': 'none', 'DBUS_SESSION_BUS_ADDRESS': 'disabled:'}


class Screen:
    """An X server that nobody looks at, a home folder, and the environment of whoever draws there."""
    def __init__(self, size='1440x920', **environment):
        self.home = tempfile.mkdtemp(prefix='sfumato-ui-')
        self.frames = f'{self.home}/frames'
        for folder in ('frames', 'run', '.config/gtk-4.0'): os.makedirs(f'{self.home}/{folder}', 0o700)
        with open(f'{self.home}/.config/gtk-4.0/settings.ini', 'w') as f: f.write('[Settings]\ngtk-font-name=Inter 11\n')
        end, number = os.pipe()
        self.server = subprocess.Popen(['Xvfb', '-displayfd', str(number), '-screen', '0', f'{size}x24', '-fbdir', self.frames, '-nolisten', 'tcp'],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[number])
        os.close(number)
        with os.fdopen(end) as f: self.display = f':{f.readline().strip()}'
        self.environment = {
            **os.environ, 'HOME': self.home, 'XDG_RUNTIME_DIR': f'{self.home}/run', 'DISPLAY': self.display, 'GDK_BACKEND': 'x11',
            'GSK_RENDERER': 'cairo', 'GSETTINGS_BACKEND': 'keyfile', 'LANG': 'C.UTF-8', 'LIBGL_ALWAYS_SOFTWARE': '1', **environment}
        for name in ('XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'WAYLAND_DISPLAY', 'AT_SPI_BUS_ADDRESS'):
            self.environment.pop(name, None)

    def close(self):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.home, ignore_errors=True)


class Desk(Screen):
    def __init__(self, program, data, size='1440x920', **environment):
        super().__init__(size, SFU_DATA=data, NO_AT_BRIDGE='0', **environment)
        self.program, self.pictures = program, f'{self.home}/Sfumato'
        self.bus = subprocess.Popen(['dbus-daemon', '--session', '--print-address=1', '--nofork'], stdout=subprocess.PIPE, text=True,
                                    stderr=subprocess.DEVNULL, env=self.environment)
        self.environment['DBUS_SESSION_BUS_ADDRESS'] = self.bus.stdout.readline().strip()
        os.environ.update({k: self.environment[k] for k in ('DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'XDG_RUNTIME_DIR', 'HOME')})
        self.app = None
        self.log = f'{self.home}/log'
        self.x = Hands(self.display)

    def start(self, *arguments, wait=True):
        self.app = subprocess.Popen([self.program, *arguments], env=self.environment, stdout=open(self.log, 'a'), stderr=subprocess.STDOUT)
        if wait: self.wait_window()
        return self.app

    def run(self, *arguments):
        """A second start, which hands over to the first."""
        return subprocess.run([self.program, *arguments], env=self.environment, timeout=20).returncode

    def wait_window(self, seconds=20):
        wait_for(lambda: self.root() is not None, seconds, 'the window')

    def root(self):
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            app = desktop.get_child_at_index(i)
            if app and app.get_process_id() == self.app.pid and app.get_child_count() > 0: return app
        return None

    def all(self, name=None, role=None, node=None):
        """Every node below with that name and role that is showing."""
        found, todo = [], [node or self.root()]
        while todo:
            n = todo.pop(0)
            if n is None: continue
            try:
                if (name is None or n.get_name() == name) and (role is None or n.get_role_name() == role) \
                        and (name or role) and n.get_state_set().contains(Atspi.StateType.VISIBLE):
                    found.append(n)
                todo += [n.get_child_at_index(i) for i in range(n.get_child_count())]
            except GLib.Error: pass
        return found

    def all_focused(self):
        found, todo = [], [self.root()]
        while todo:
            n = todo.pop(0)
            try:
                if n.get_state_set().contains(Atspi.StateType.FOCUSED): found.append(n)
                todo += [n.get_child_at_index(i) for i in range(n.get_child_count())]
            except (GLib.Error, AttributeError): pass
        return found

    def find(self, name=None, role=None, seconds=8):
        return wait_for(lambda: (self.all(name, role) or [None])[0], seconds, f'“{name}” ({role})')

    def press(self, name, role='button'):
        node = self.find(name, role)
        node.get_action_iface().do_action(0)

    def write(self, name, text):
        node = self.find(name, 'text')
        node.get_editable_text_iface().set_text_contents(text)

    def text(self, name):
        node = self.find(name, 'text')
        return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))      # -1 gives nothing for an entry

    def seed(self):
        return re.sub(r'\D', '', self.text('Seed'))

    def value(self, name, role='spin button'):
        return self.find(name, role).get_value_iface().get_current_value()

    def set_value(self, name, value, role='spin button'):
        self.find(name, role).get_value_iface().set_current_value(value)

    def canvas(self):
        return self.find('Canvas', 'image').get_description()

    def place(self, node):
        """The middle of something, on the screen: windows begin at its corner."""
        box = node.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
        return box.x + box.width // 2, box.y + box.height // 2

    def drag(self, start, over, find):
        """Drags from a place to another, where something shows up that is found by @find; lets go over that."""
        self.x.move(*start)
        self.x.button(1, True)
        self.glide(start, over)
        target = self.place(find())
        self.glide(over, target)
        time.sleep(0.2)                                             # until what is under the pointer has said that it takes the drop
        self.x.button(1, False)

    def glide(self, start, end):
        for i in range(1, 11):
            self.x.move(*(a + (b - a) * i / 10 for a, b in zip(start, end)))
            time.sleep(0.02)

    def pixel(self, x, y):
        d = open(f'{self.frames}/Xvfb_screen0', 'rb').read()
        h = struct.unpack('>25I', d[:100])
        at = h[0] + h[19] * 12 + y * h[12] + x * 4
        return d[at + 2], d[at + 1], d[at]

    def key(self, keys):
        """'Control+Return' and the like."""
        *held, last = keys.split('+')
        codes = {'Control': 0xffe3, 'Shift': 0xffe1, 'Alt': 0xffe9}
        names = {'Return': 0xff0d, 'Escape': 0xff1b, 'Tab': 0xff09, 'Up': 0xff52, 'Down': 0xff54, 'Left': 0xff51, 'Right': 0xff53,
                 'Delete': 0xffff, 'Home': 0xff50, 'End': 0xff57, 'F6': 0xffc3, 'F9': 0xffc6, 'F10': 0xffc7, 'F11': 0xffc8}
        for h in held: self.x.key(codes[h], True)
        for down in (True, False): self.x.key(names.get(last, ord(last[0])), down)
        for h in reversed(held): self.x.key(codes[h], False)
        time.sleep(0.15)

    def files(self):
        return sorted(f for f in os.listdir(self.pictures) if f.endswith('.png')) if os.path.isdir(self.pictures) else []

    def warnings(self):
        return [l for l in open(self.log) if re.search(r'WARNING|CRITICAL|ERROR', l) and 'libEGL' not in l and 'dconf' not in l] \
            if os.path.exists(self.log) else []

    def kill(self, how=signal.SIGTERM):
        if self.app and self.app.poll() is None:
            self.app.send_signal(how)
            try: self.app.wait(10)
            except subprocess.TimeoutExpired: self.app.kill(); self.app.wait()

    def close(self):
        self.kill()
        self.bus.terminate()
        self.bus.wait()
        super().close()

    def shot(self, path):
        """The screen as PNG, out of the X server's frame buffer (an XWD file)."""
        d = open(f'{self.frames}/Xvfb_screen0', 'rb').read()
        h = struct.unpack('>25I', d[:100])
        start, width, height, line = h[0] + h[19] * 12, h[4], h[5], h[12]
        rows = bytearray()
        for y in range(height):
            bgrx = d[start + y * line:start + y * line + width * 4]
            row = bytearray(width * 3)
            row[0::3], row[1::3], row[2::3] = bgrx[2::4], bgrx[1::4], bgrx[0::4]
            rows += b'\0' + row
        chunk = lambda t, b: struct.pack('>I', len(b)) + t + b + struct.pack('>I', zlib.crc32(t + b))
        with open(path, 'wb') as f:
            f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
                    + chunk(b'IDAT', zlib.compress(bytes(rows), 6)) + chunk(b'IEND', b''))


def wait_for(test, seconds, what):
    end = time.time() + seconds * max(1, os.getloadavg()[0] / os.cpu_count())   # on a machine with other work all is slower
    while time.time() < end:
        try:
            got = test()
            if got: return got
        except GLib.Error: pass
        time.sleep(0.05)
    raise AssertionError(f'{what} did not come within {seconds} s')
