"""A small window that a file can be dragged out of: drag_file.py FILE. Says its X window's number when it is there."""
import sys

import gi
gi.require_version('Gtk', '4.0')
gi.require_version('GdkX11', '4.0')
from gi.repository import Gdk, GdkX11, Gio, GLib, Gtk

Gtk.init()
window = Gtk.Window(default_width=200, default_height=200, child=Gtk.Label(label='Drag me'))
source = Gtk.DragSource(actions=Gdk.DragAction.COPY)
source.connect('prepare', lambda *_: Gdk.ContentProvider.new_for_value(Gdk.FileList.new_from_list([Gio.File.new_for_path(sys.argv[1])])))
window.add_controller(source)
window.connect('map', lambda w: print(w.get_surface().get_xid(), flush=True))
window.present()
GLib.MainLoop().run()
