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

struct _SfuWindow {
  AdwApplicationWindow parent_instance;

  AdwToastOverlay *toasts;
  AdwNavigationView *pages;
  AdwMultiLayoutView *layouts;
  AdwOverlaySplitView *settings_split, *history_split;
  AdwBottomSheet *sheet;
  AdwWindowTitle *wide_title, *narrow_title;
  GtkMenuButton *menu_button, *picture_button, *count_button, *queue_button, *zoom_button;
  GtkToggleButton *compare_button, *favourites_toggle;
  GtkButton *favourite_button, *generate_button, *narrow_button, *add_button, *live_button, *keep_button, *continue_button, *waiting_tile;
  GtkLabel *prompt_line, *queue_badge, *status_label, *waiting_label;
  AdwBanner *banner;
  GtkProgressBar *progress;
  GtkBox *drop_zones, *step_bar, *running_box, *history_box, *history_tools, *zoom_box;
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
  GtkWidget *model_popover;

  /* What the canvas shows. */
  SfuRun *shown_run;       /* its film; NULL: no film */
  guint shown_step;        /* 0: the newest, or the finished picture */
  SfuPicture *shown_picture;
  SfuPicture *former_picture; /* shown before, for comparing */
  GdkTexture *shown_texture;  /* of the picture */
  GCancellable *loading;
  gboolean followed;       /* what runs is what is shown */

  char *wanted_model;      /* until the library has it */
  GFileMonitor *model_monitor; /* of the chosen one's file */
  void (*banner_action) (SfuWindow *self);
  SfuRun *failed_run;
  guint fit_width, fit_height; /* what the banner offers */
  GPtrArray *deleted;      /* SfuPicture, while the toast can bring them back */
  AdwToast *delete_toast;
  guint session_source, clock_source, announced_half;
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
void sfu_window_update_progress (SfuWindow *self);
char *sfu_window_status_text (SfuWindow *self);

/* sfu-window-session.c */
void sfu_window_save_session (SfuWindow *self);
void sfu_window_save_session_soon (SfuWindow *self);
void sfu_window_restore_session (SfuWindow *self);
void sfu_window_show_last (SfuWindow *self);

/* sfu-window.c */
void sfu_window_toast (SfuWindow *self, const char *text);
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
void sfu_window_delete (SfuWindow *self, SfuPicture *picture);
void sfu_window_stop_comparing (SfuWindow *self);

/* sfu-window-errors.c */
void sfu_window_show_error (SfuWindow *self, SfuRun *run);
void sfu_window_show_save_error (SfuWindow *self, SfuRun *run, const GError *error);

/* sfu-window-drops.c: what comes in and goes out by drag and clipboard. */
void sfu_window_init_drops (SfuWindow *self);
void sfu_window_copy (SfuWindow *self);
void sfu_window_paste (SfuWindow *self);

/* Other parts, each a file of its own. */
void sfu_window_init_history (SfuWindow *self);                     /* sfu-history-view.c */
GtkWidget *sfu_paper_new (SfuWindow *self);                         /* sfu-paper.c */
GtkWidget *sfu_queue_popover_new (SfuWindow *self);                 /* sfu-queue-popover.c */
GtkWidget *sfu_model_popover_new (SfuWindow *self);                 /* sfu-model-popover.c */
/* sfu-model-details.c: what is wrong with the model at @path, and what can be told of it. */
void sfu_model_details_show (GtkWidget *parent, const char *path, const char *message);
AdwNavigationPage *sfu_gallery_new (SfuWindow *self, gboolean search); /* sfu-gallery.c */
AdwDialog *sfu_preferences_new (SfuWindow *self);                   /* sfu-preferences.c */
