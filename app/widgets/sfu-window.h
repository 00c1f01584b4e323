/* sfu-window.h: the main window: settings, stage and history around one studio. */
#pragma once

#include <adwaita.h>

#include "sfu-library.h"
#include "sfu-session.h"
#include "sfu-studio.h"

G_BEGIN_DECLS

#define SFU_TYPE_WINDOW (sfu_window_get_type ())
G_DECLARE_FINAL_TYPE (SfuWindow, sfu_window, SFU, WINDOW, AdwApplicationWindow)

/* What the window is made of besides widgets. Owned by the application; all outlive the window. */
typedef struct {
  SfuStudio *studio;
  SfuHistory *history;
  SfuLibrary *library;
  SfuSession *session;
  GSettings *settings;
  const char *default_model; /* the bundled one; NULL: there is none */
} SfuHouse;

SfuWindow *sfu_window_new (GtkApplication *application, const SfuHouse *house);

/* Shows a picture from a file; its settings can then be restored. */
void sfu_window_open (SfuWindow *self, const char *path);
/* Fills in what the command line says. NULL fields are left as they are. */
void sfu_window_set_prompt (SfuWindow *self, const char *prompt);
void sfu_window_set_model (SfuWindow *self, const char *path);
void sfu_window_restore_from (SfuWindow *self, const char *path);
void sfu_window_generate (SfuWindow *self);

G_END_DECLS
