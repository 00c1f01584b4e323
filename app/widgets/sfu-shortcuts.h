/* sfu-shortcuts.h: the one table of keys: accelerators and the shortcuts dialog both come from it. */
#pragma once

#include <adwaita.h>

/* Sets all accelerators that work everywhere in the window. */
void sfu_shortcuts_install (GtkApplication *application);
/* Single keys, for a widget that is not written in. */
void sfu_shortcuts_install_local (GtkWidget *widget);
/* The same for a list, which has arrow keys of its own. */
void sfu_shortcuts_install_list (GtkWidget *widget);
/* The list of them all. */
AdwDialog *sfu_shortcuts_dialog_new (void);
