#include "sfu-step-film.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "sfu-texture.h"

#define TILE_HEIGHT 36
#define MIN_TILE 18
#define MAX_TILE 46
#define GAP 3

struct _SfuStepFilm {
  GtkWidget parent_instance;
  SfuRun *run;
  guint n_steps, step;
  GPtrArray *textures; /* GdkTexture of each tile, or NULL */
  double drag_start;
};

static void range_init (GtkAccessibleRangeInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (SfuStepFilm, sfu_step_film, GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_ACCESSIBLE_RANGE, range_init))

static guint chosen_signal;

/* Tiles shown: all steps, or every k-th where they would get too narrow. */
typedef struct {
  guint every, n;
  double x, tile;
} Layout;

static Layout
lay_out (SfuStepFilm *self)
{
  Layout l = { .every = 1 };
  double width = gtk_widget_get_width (GTK_WIDGET (self));
  do
    {
      l.n = (MAX (self->n_steps, 1) + l.every - 1) / l.every;
      l.tile = (width - 4 + GAP) / l.n - GAP;
    }
  while (l.tile < MIN_TILE && l.n > 1 && l.every++);
  l.tile = MIN (l.tile, MAX_TILE);
  l.x = (width - l.n * (l.tile + GAP) + GAP) / 2;
  return l;
}

/* The step that tile @i stands for: the last of its k. */
static guint
step_of (SfuStepFilm *self, const Layout *l, guint i)
{
  return MIN ((i + 1) * l->every, self->n_steps);
}

static GdkTexture *
tile_texture (SfuStepFilm *self, guint step)
{
  SfuImage *tile = self->run != NULL ? sfu_run_tile (self->run, step) : NULL;
  if (tile == NULL)
    return NULL;
  if (self->textures->len < step)
    g_ptr_array_set_size (self->textures, step);
  if (self->textures->pdata[step - 1] == NULL)
    self->textures->pdata[step - 1] = sfu_texture_new (tile);
  return self->textures->pdata[step - 1];
}

/* The middle of @texture in @box. */
static void
draw_cover (GtkSnapshot *snapshot, GdkTexture *texture, const GskRoundedRect *frame)
{
  const graphene_rect_t *box = &frame->bounds;
  double w = gdk_texture_get_width (texture), h = gdk_texture_get_height (texture);
  double scale = MAX (box->size.width / w, box->size.height / h);
  gtk_snapshot_push_rounded_clip (snapshot, frame);
  gtk_snapshot_append_scaled_texture (snapshot, texture, GSK_SCALING_FILTER_TRILINEAR,
                                      &GRAPHENE_RECT_INIT (box->origin.x + (box->size.width - w * scale) / 2,
                                                           box->origin.y + (box->size.height - h * scale) / 2, w * scale, h * scale));
  gtk_snapshot_pop (snapshot);
}

static void
sfu_step_film_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SfuStepFilm *self = SFU_STEP_FILM (widget);
  Layout l = lay_out (self);
  gboolean contrast = adw_style_manager_get_high_contrast (adw_style_manager_get_default ());
  double h = gtk_widget_get_height (widget), ring = contrast ? 3 : 2;
  g_autoptr (GdkRGBA) accent = adw_style_manager_get_accent_color_rgba (adw_style_manager_get_default ());
  GdkRGBA empty;
  gtk_widget_get_color (widget, &empty);
  empty.alpha *= contrast ? 0.3 : 0.1;
  for (guint i = 0; i < l.n; i++)
    {
      guint step = step_of (self, &l, i);
      gboolean current = self->step > i * l.every && self->step <= step;
      double grow = current ? 3 : 0;
      GdkTexture *texture = tile_texture (self, current ? self->step : step);
      GskRoundedRect frame;
      gsk_rounded_rect_init_from_rect (&frame, &GRAPHENE_RECT_INIT (l.x + i * (l.tile + GAP), (h - TILE_HEIGHT) / 2 - grow, l.tile,
                                                                    TILE_HEIGHT + 2 * grow), 5);
      if (texture != NULL && self->step > 0 && step > self->step && !current)
        gtk_snapshot_push_opacity (snapshot, contrast ? 1 : 0.45);
      if (texture != NULL)
        draw_cover (snapshot, texture, &frame);
      else
        {
          gtk_snapshot_push_rounded_clip (snapshot, &frame);
          gtk_snapshot_append_color (snapshot, &empty, &frame.bounds);
          gtk_snapshot_pop (snapshot);
        }
      if (texture != NULL && self->step > 0 && step > self->step && !current)
        gtk_snapshot_pop (snapshot);
      if (current)
        {
          gsk_rounded_rect_shrink (&frame, -ring, -ring, -ring, -ring);
          gtk_snapshot_append_border (snapshot, &frame, (float[]) { ring, ring, ring, ring },
                                      (GdkRGBA[]) { *accent, *accent, *accent, *accent });
        }
    }
}

static void
sfu_step_film_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_baseline,
                       int *nat_baseline)
{
  SfuStepFilm *self = SFU_STEP_FILM (widget);
  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum = *natural = TILE_HEIGHT + 12;
  else
    {
      *minimum = 60;
      *natural = MAX (*minimum, (int) self->n_steps * (26 + GAP));
    }
}

/* -- choosing -- */

static void
update_accessible (SfuStepFilm *self)
{
  g_autofree char *text = g_strdup_printf (_("step %u of %u"), self->step, self->n_steps);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0, GTK_ACCESSIBLE_PROPERTY_VALUE_MAX,
                                  (double) self->n_steps, GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, (double) self->step,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
}

static void
choose (SfuStepFilm *self, int step)
{
  guint last = self->run != NULL ? sfu_run_step (self->run) : 0;
  guint first = self->run != NULL ? sfu_run_first_step (self->run) : 1;
  if (last == 0)
    return;
  step = CLAMP (step, (int) MIN (first, last), (int) last);
  g_signal_emit (self, chosen_signal, 0, (guint) step);
}

static void
choose_at (SfuStepFilm *self, double x)
{
  Layout l = lay_out (self);
  int i = (int) ((x - l.x) / (l.tile + GAP));
  choose (self, step_of (self, &l, CLAMP (i, 0, (int) l.n - 1)));
}

static void
drag_begin_cb (SfuStepFilm *self, double x, double y)
{
  self->drag_start = x;
  gtk_widget_grab_focus (GTK_WIDGET (self));
  choose_at (self, x);
}

static void
drag_update_cb (SfuStepFilm *self, double dx, double dy)
{
  choose_at (self, self->drag_start + dx);
}

static gboolean
key_cb (SfuStepFilm *self, guint key, guint code, GdkModifierType state)
{
  int last = self->run != NULL ? (int) sfu_run_step (self->run) : 0, step = self->step > 0 ? (int) self->step : last;
  if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK))
    return FALSE;
  switch (key)
    {
    case GDK_KEY_Left: case GDK_KEY_KP_Left: choose (self, step - 1); return TRUE;
    case GDK_KEY_Right: case GDK_KEY_KP_Right: choose (self, step + 1); return TRUE;
    case GDK_KEY_Home: case GDK_KEY_KP_Home: choose (self, 1); return TRUE;
    case GDK_KEY_End: case GDK_KEY_KP_End: choose (self, last); return TRUE;
    default: return FALSE;
    }
}

static gboolean
range_set_current_value (GtkAccessibleRange *range, double value)
{
  choose (SFU_STEP_FILM (range), (int) value);
  return TRUE;
}

static void
range_init (GtkAccessibleRangeInterface *iface)
{
  iface->set_current_value = range_set_current_value;
}

/* -- the object -- */

static void
sfu_step_film_dispose (GObject *object)
{
  SfuStepFilm *self = SFU_STEP_FILM (object);
  g_clear_object (&self->run);
  g_clear_pointer (&self->textures, g_ptr_array_unref);
  G_OBJECT_CLASS (sfu_step_film_parent_class)->dispose (object);
}

static void
sfu_step_film_class_init (SfuStepFilmClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_step_film_dispose;
  widget_class->snapshot = sfu_step_film_snapshot;
  widget_class->measure = sfu_step_film_measure;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
  gtk_widget_class_set_css_name (widget_class, "stepfilm");
  chosen_signal = g_signal_new ("step-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                G_TYPE_UINT);
}

static void
free_texture (gpointer texture)
{
  if (texture != NULL)
    g_object_unref (texture);
}

static void
sfu_step_film_init (SfuStepFilm *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();
  self->textures = g_ptr_array_new_with_free_func (free_texture);
  self->n_steps = 20;
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  /* Time runs from left to right whatever the language, as in media players. */
  gtk_widget_set_direction (GTK_WIDGET (self), GTK_TEXT_DIR_LTR);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Step"), -1);
  update_accessible (self);
}

static void
changed_cb (SfuStepFilm *self)
{
  if (self->n_steps != sfu_run_n_steps (self->run))
    {
      self->n_steps = sfu_run_n_steps (self->run);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      update_accessible (self);
    }
}

static void
preview_cb (SfuStepFilm *self, guint step)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sfu_step_film_set_run (SfuStepFilm *self, SfuRun *run, guint n_steps)
{
  if (self->run != run)
    {
      if (self->run != NULL)
        g_signal_handlers_disconnect_by_data (self->run, self);
      g_set_object (&self->run, run);
      g_ptr_array_set_size (self->textures, 0);
      if (run != NULL)
        {
          g_signal_connect_object (run, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
          g_signal_connect_object (run, "preview", G_CALLBACK (preview_cb), self, G_CONNECT_SWAPPED);
        }
    }
  self->n_steps = MAX (run != NULL ? sfu_run_n_steps (run) : n_steps, 1);
  update_accessible (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
sfu_step_film_set_step (SfuStepFilm *self, guint step)
{
  if (self->step == step)
    return;
  self->step = step;
  update_accessible (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

guint
sfu_step_film_step (SfuStepFilm *self)
{
  return self->step;
}
