/* sfu-window-private.h: the window's insides, for its files only. */
#pragma once

#include "sfu-canvas.h"
#include "sfu-picture-tile.h"
#include "sfu-settings-panel.h"
#include "sfu-step-film.h"
#include "sfu-thumbnails.h"
#include "sfu-window.h"

/* One of these at any time; derived from the running job, and nothing else sets what hangs on it. */
typedef enum {
  SFU_WINDOW_IDLE,
  SFU_WINDOW_LOADING,
  SFU_WINDOW_RUNNING,
  SFU_WINDOW_STOPPING,
  SFU_WINDOW_FINISHING,
} SfuWindowState;

/* How often labels change at most. */
#define SFU_WINDOW_CLOCK_MS 100

struct _SfuWindow {
  AdwApplicationWindow parent_instance;

  AdwToastOverlay *toasts;
  AdwNavigationView *pages;
  AdwMultiLayoutView *layouts;
  AdwOverlaySplitView *settings_split, *history_split;
  AdwBottomSheet *sheet;
  AdwToolbarView *wide_view, *narrow_view, *stage_view;
  AdwWindowTitle *wide_title, *narrow_title;
  GtkMenuButton *menu_button, *narrow_menu_button, *picture_button, *count_button, *zoom_button;
  GtkToggleButton *compare_button, *favourites_toggle;
  GtkButton *favourite_button, *generate_button, *narrow_button, *add_button, *live_button, *keep_button, *continue_button, *waiting_tile;
  GtkButton *queue_button, *running_button;
  GtkLabel *prompt_line, *queue_badge, *status_label, *waiting_label, *history_empty_label;
  AdwBanner *banner;
  GtkProgressBar *progress;
  AdwWrapBox *step_bar;
  GtkBox *drop_zones, *running_box, *history_box, *history_tools, *zoom_box, *failed_box, *history_empty;
  GtkListView *history_view;
  GtkScrolledWindow *history_scroller;
  SfuSettingsPanel *settings;
  SfuCanvas *canvas;
  SfuStepFilm *film;
  SfuPictureTile *running_tile;

  SfuHouse house;
  SfuThumbnails *thumbnails;
  GtkSingleSelection *selection; /* of the history strip */
  SfuWindowState state;
  int count;               /* pictures a press of Generate; 0: until stopped */
  GtkWidget *model_popover, *queue_popover, *history_menu;

  /* What the canvas shows. */
  SfuRun *shown_run;       /* its film; NULL: no film */
  guint shown_step;        /* 0: the newest, or the finished picture */
  SfuPicture *shown_picture;
  SfuPicture *former_picture; /* shown before, for comparing */
  GdkTexture *shown_texture;  /* of the picture */
  GCancellable *loading;
  guint preload_tick, preload_frames;
  guint preview_tick;      /* until the next frame, which draws the newest preview */
  gint64 updated;          /* monotonic us */
  gboolean stale;          /* something changed since, that can wait for the clock */
  SfuPicture *compared;       /* with the shown one; NULL: nothing is */
  GCancellable *comparing;
  char *comparison_text;

  char *wanted_model;      /* until the library has it */
  GFileMonitor *model_monitor; /* of the chosen one's file */
  void (*banner_action) (SfuWindow *self);
  SfuRun *failed_run;
  guint fit_width, fit_height; /* what the banner offers */
  GPtrArray *deleted;      /* SfuPicture, while the toast can bring them back */
  AdwToast *delete_toast;
  guint session_source, clock_source, bars_source;
  gboolean announced_half, warned_of_processor;
  gboolean had_settings, had_history; /* before full screen */

  /* What the desktop is told. */
  guint inhibit_cookie, close_source;
  guint unseen_pictures;   /* finished since the window was last looked at */
  double unseen_seconds;   /* that they took */
  gboolean in_background;  /* closed, and going on until what was asked for is made */

  gint64 strip_drawn;      /* monotonic us, when the running tile was drawn last */
  gboolean selecting;      /* the strip's selection is being set by us */
};

/* sfu-window-shown.c: what is on the canvas. */
void sfu_window_show_run (SfuWindow *self, SfuRun *run);
void sfu_window_show_step (SfuWindow *self, guint step);
void sfu_window_show_picture (SfuWindow *self, SfuPicture *picture);
/* The step that is shown, or 0 when there is none. */
guint sfu_window_current_step (SfuWindow *self);
void sfu_window_set_shown_run (SfuWindow *self, SfuRun *run);
void sfu_window_remember_shown (SfuWindow *self, SfuPicture *picture);
void sfu_window_select_shown (SfuWindow *self);
void sfu_window_draw_canvas (SfuWindow *self);
void sfu_window_describe_canvas (SfuWindow *self);

/* sfu-window-update.c: what labels and buttons say. */
void sfu_window_update (SfuWindow *self);
/* The same for what changes with every step: at most ten times a second, unless the state is another one. */
void sfu_window_update_soon (SfuWindow *self);
void sfu_window_update_progress (SfuWindow *self);
char *sfu_window_status_text (SfuWindow *self);

/* sfu-window-session.c */
void sfu_window_save_session (SfuWindow *self);
void sfu_window_save_session_soon (SfuWindow *self);
void sfu_window_restore_session (SfuWindow *self);
void sfu_window_show_last (SfuWindow *self);

/* sfu-window.c */
void sfu_window_toast (SfuWindow *self, const char *text);
/* Says it in the user's language, with the whole message behind a button. */
void sfu_window_toast_error (SfuWindow *self, const GError *error);
void sfu_window_show_details (SfuWindow *self, const char *text);
/* Fills in all fields, with a toast that can take it back. */
void sfu_window_restore (SfuWindow *self, const SfuRequest *request);
void sfu_window_banner (SfuWindow *self, const char *title, const char *button, void (*action) (SfuWindow *self));

/* sfu-window-model.c: the model that is chosen. */
void sfu_window_init_model (SfuWindow *self);
void sfu_window_choose_model (SfuWindow *self, SfuLibraryModel *model);
void sfu_window_update_model (SfuWindow *self);
void sfu_window_add_model_file (SfuWindow *self);
void sfu_window_add_model_folder (SfuWindow *self);
void sfu_window_locate_model (SfuWindow *self);
void sfu_window_cancel_loading (SfuWindow *self);
void sfu_window_open_model_folder (SfuWindow *self);
void sfu_window_model_details (SfuWindow *self);

/* sfu-window-actions.c */
void sfu_window_install_actions (GtkWidgetClass *widget_class);
void sfu_window_update_actions (SfuWindow *self);

/* sfu-window-compare.c: the shown picture and another one. */
void sfu_window_compare (SfuWindow *self);
void sfu_window_compare_with (SfuWindow *self, SfuPicture *picture);
void sfu_window_stop_comparing (SfuWindow *self);
void sfu_window_forget_comparison (SfuWindow *self); /* only what is kept of it */
void sfu_window_flip (SfuWindow *self);
void sfu_window_side_by_side (SfuWindow *self);
gboolean sfu_window_can_compare (SfuWindow *self);
char *sfu_window_comparison_text (SfuWindow *self);

/* sfu-window-actions.c: the gallery, if it is on top. */
GtkWidget *sfu_window_gallery (SfuWindow *self);

/* sfu-window-delete.c */
void sfu_window_delete (SfuWindow *self, SfuPicture *picture);
void sfu_window_undo_delete (SfuWindow *self);

/* sfu-window-queue.c */
GtkWidget *sfu_queue_popover_new (SfuWindow *self);
void sfu_window_show_queue (SfuWindow *self);
void sfu_window_clear_queue (SfuWindow *self);

/* sfu-history-view.c: the strip. */
void sfu_window_init_history (SfuWindow *self);
void sfu_window_update_strip (SfuWindow *self);
/* Rings the tile that is compared with the shown one. */
void sfu_window_mark_compared (SfuWindow *self);
/* The picture whose tile has the focus, or NULL. */
SfuPicture *sfu_window_focused_picture (SfuWindow *self);

/* sfu-window-picture.c: what can be done with the picture that is shown; nothing where none is. */
void sfu_window_save_as (SfuWindow *self);
void sfu_window_copy_settings (SfuWindow *self);
void sfu_window_show_in_files (SfuWindow *self);
void sfu_window_open_with (SfuWindow *self);
void sfu_window_details (SfuWindow *self);

/* sfu-window-errors.c */
void sfu_window_show_error (SfuWindow *self, SfuRun *run);
void sfu_window_warn_of_processor (SfuWindow *self);
void sfu_window_show_save_error (SfuWindow *self, SfuRun *run, const GError *error);

/* sfu-window-presence.c */
void sfu_window_init_presence (SfuWindow *self);
void sfu_window_finish_presence (SfuWindow *self);
void sfu_window_update_presence (SfuWindow *self);
void sfu_window_notify_saved (SfuWindow *self, SfuRun *run, SfuPicture *picture);
void sfu_window_notify_failed (SfuWindow *self, SfuRun *run);
/* Hides the window; the program ends when the last picture is saved. */
void sfu_window_go_to_background (SfuWindow *self);

/* sfu-window-files.c */
void sfu_window_start_from (SfuWindow *self, const char *path);
/* Copies pictures into the history's folder. (element-type GFile) */
void sfu_window_take_in (SfuWindow *self, GSList *files);
/* Text that was pasted as a prompt and may be a whole request. */
void sfu_window_offer_pasted (SfuWindow *self, const char *text);

/* sfu-window-fullscreen.c */
void sfu_window_init_fullscreen (SfuWindow *self);

/* sfu-window-drops.c: what comes in and goes out by drag and clipboard. */
void sfu_window_init_drops (SfuWindow *self);
void sfu_window_copy (SfuWindow *self);
void sfu_window_paste (SfuWindow *self);

/* Other parts, each a file of its own. */
GtkWidget *sfu_paper_new (SfuWindow *self);                         /* sfu-paper.c */
GtkWidget *sfu_model_popover_new (SfuWindow *self);                 /* sfu-model-popover.c */
GtkWidget *sfu_device_row_new (GSettings *settings);                /* sfu-device-row.c */
char *sfu_device_processor (void); /* the UUID of the processor as a device, or NULL */
/* sfu-model-details.c: what is wrong with the model at @path, and what can be told of it. */
void sfu_model_details_show (GtkWidget *parent, const char *path, const char *message);
AdwDialog *sfu_preferences_new (SfuWindow *self);                   /* sfu-preferences.c */
