#include "sfu-canvas.h"

#include <adwaita.h>
#include <math.h>

#include "sfu-comparison.h"
#include "sfu-view.h"

#define MIN_WORDS 280 /* height for the words on the paper */
#define NOTCH 1.3
#define EASE_MS 200
#define CORNER 3.0

struct _SfuCanvas {
  GtkWidget parent_instance;

  GdkTexture *texture;
  SfuComparison *comparison;       /* NULL: there is one picture */
  SfuView now;                     /* of the picture, or of the paper; taken by view() */
  GtkWidget *placeholder;
  SfuMat mat;
  gboolean smooth;

  AdwAnimation *easing;
  double pointer_x, pointer_y;
  double drag_x, drag_y, pinch_zoom; /* when it began */
  gboolean dragging_divider;
};

G_DEFINE_FINAL_TYPE (SfuCanvas, sfu_canvas, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_ZOOM, PROP_FITTING, N_PROPS };
static GParamSpec *props[N_PROPS];

/* -- geometry -- */

static double
device_scale (SfuCanvas *self)
{
  GtkNative *native = gtk_widget_get_native (GTK_WIDGET (self));
  GdkSurface *surface = native != NULL ? gtk_native_get_surface (native) : NULL;
  return surface != NULL ? gdk_surface_get_scale (surface) : 1;
}

static gboolean
is_side_by_side (SfuCanvas *self)
{
  return self->comparison != NULL && sfu_comparison_is_side_by_side (self->comparison);
}

/* With the widget's size of now. Two pictures side by side have half of the width each. */
static SfuView *
view (SfuCanvas *self)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self));
  self->now.width = is_side_by_side (self) ? width / 2 : width;
  self->now.height = gtk_widget_get_height (GTK_WIDGET (self));
  self->now.scale = device_scale (self);
  return &self->now;
}

/* A place in the right one of two views means the same place in the left one. */
static double
view_x (SfuCanvas *self, double x)
{
  double width = view (self)->width;
  return is_side_by_side (self) && x >= width ? x - width : x;
}

double
sfu_canvas_get_zoom (SfuCanvas *self)
{
  return sfu_view_zoom (view (self));
}

gboolean
sfu_canvas_shows_all (SfuCanvas *self)
{
  return sfu_view_shows_all (view (self));
}

/* -- drawing -- */

static void
mat_colour (SfuCanvas *self, GdkRGBA *colour)
{
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  const char *const names[] = { dark ? "#1b1b1d" : "#e3e3e5", "#e3e3e5", "#777777", "#000000" };
  gdk_rgba_parse (colour, names[self->mat]);
}

static GskScalingFilter
filter_for (SfuCanvas *self)
{
  double zoom = sfu_canvas_get_zoom (self);
  if (zoom < 1)
    return GSK_SCALING_FILTER_TRILINEAR;
  return zoom >= 2 && !self->now.fitting && !self->smooth ? GSK_SCALING_FILTER_NEAREST : GSK_SCALING_FILTER_LINEAR;
}

/* The mat's shadow, and in high contrast a line, set a picture off. */
static void
draw_frame (SfuCanvas *self, GtkSnapshot *snapshot, const GskRoundedRect *frame)
{
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  gtk_snapshot_append_outset_shadow (snapshot, frame, &(GdkRGBA) { 0, 0, 0, dark ? 0.5 : 0.22 }, 0, 2, 0, 8);
  if (adw_style_manager_get_high_contrast (adw_style_manager_get_default ()))
    {
      const GdkRGBA line = { dark, dark, dark, 1 };
      GskRoundedRect around = *frame;
      gsk_rounded_rect_shrink (&around, -1, -1, -1, -1);
      gtk_snapshot_append_border (snapshot, &around, (float[]) { 1, 1, 1, 1 }, (GdkRGBA[]) { line, line, line, line });
    }
}

static void
draw_picture (SfuCanvas *self, GtkSnapshot *snapshot, const graphene_rect_t *r)
{
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  GskRoundedRect frame;
  GdkRGBA paper;
  gsk_rounded_rect_init_from_rect (&frame, r, CORNER);
  draw_frame (self, snapshot, &frame);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  if (self->texture == NULL)
    {
      gdk_rgba_parse (&paper, dark ? "#2e2e32" : "#fcfcfc");
      gtk_snapshot_append_color (snapshot, &paper, r);
    }
  else
    gtk_snapshot_append_scaled_texture (snapshot, self->texture, filter_for (self), r);
  gtk_snapshot_pop (snapshot);
}

/* One view beside the other, in which everything has the same place and size. */
static void
draw_side_by_side (SfuCanvas *self, GtkSnapshot *snapshot, const graphene_rect_t *r)
{
  double vw = view (self)->width, h = self->now.height;
  graphene_rect_t right = *r, other = sfu_comparison_place_of_other (self->comparison, r);
  GskRoundedRect frame;
  right.origin.x += vw;
  gsk_rounded_rect_init_from_rect (&frame, &other, CORNER);
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, vw, h));
  draw_frame (self, snapshot, &frame);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  sfu_comparison_snapshot_other (self->comparison, snapshot, filter_for (self), r);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (vw, 0, vw + 1, h));
  draw_picture (self, snapshot, &right);
  gtk_snapshot_pop (snapshot);
  sfu_comparison_snapshot_labels (self->comparison, snapshot, r, &right);
}

static void
sfu_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SfuCanvas *self = SFU_CANVAS (widget);
  int w = gtk_widget_get_width (widget), h = gtk_widget_get_height (widget);
  graphene_rect_t r = sfu_view_rect (view (self));
  GdkRGBA mat;
  mat_colour (self, &mat);
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, w, h));
  gtk_snapshot_append_color (snapshot, &mat, &GRAPHENE_RECT_INIT (0, 0, w, h));
  if (is_side_by_side (self))
    draw_side_by_side (self, snapshot, &r);
  else
    draw_picture (self, snapshot, &r);
  if (self->comparison != NULL && !is_side_by_side (self))
    {
      sfu_comparison_snapshot_divided (self->comparison, snapshot, filter_for (self), &r);
      sfu_comparison_snapshot_labels (self->comparison, snapshot, &r, &r);
    }
  gtk_snapshot_pop (snapshot);
  if (self->placeholder != NULL && gtk_widget_get_child_visible (self->placeholder))
    gtk_widget_snapshot_child (widget, self->placeholder, snapshot);
}

/* -- layout: the placeholder lies on the paper -- */

static void
sfu_canvas_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_baseline,
                    int *nat_baseline)
{
  SfuCanvas *self = SFU_CANVAS (widget);
  *minimum = 64;
  *natural = 480;
  if (self->placeholder != NULL)
    gtk_widget_measure (self->placeholder, orientation, -1, &(int) { 0 }, &(int) { 0 }, NULL, NULL);
}

static void
sfu_canvas_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SfuCanvas *self = SFU_CANVAS (widget);
  graphene_rect_t r = sfu_view_rect (view (self));
  int w, h, min_w, min_h, natural_h;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
  if (self->placeholder == NULL)
    return;
  /* Words may be wider than a narrow paper: then they lie on the mat around it too. */
  gtk_widget_measure (self->placeholder, GTK_ORIENTATION_HORIZONTAL, -1, &min_w, NULL, NULL, NULL);
  w = MIN (MAX (MAX (min_w, r.size.width - 2 * SFU_VIEW_MARGIN), MIN (320, width)), width);
  gtk_widget_measure (self->placeholder, GTK_ORIENTATION_VERTICAL, w, &min_h, &natural_h, NULL, NULL);
  /* What is higher than the paper scrolls on it, unless the paper is too low to read on. */
  h = MIN (MAX (MIN (natural_h, MIN_WORDS), r.size.height), height);
  if (gtk_widget_get_child_visible (self->placeholder))
    gtk_widget_allocate (self->placeholder, MAX (w, min_w), MAX (h, min_h), -1,
                         gsk_transform_translate (NULL, &GRAPHENE_POINT_INIT ((width - w) / 2.0, (height - MAX (h, min_h)) / 2.0)));
}

/* -- zooming -- */

static void
zoom_changed (SfuCanvas *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FITTING]);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
set_zoom_at (SfuCanvas *self, double zoom, double x, double y)
{
  sfu_view_zoom_at (view (self), zoom, view_x (self, x), y);
  zoom_changed (self);
}

static void
look_at (SfuCanvas *self, double x, double y)
{
  sfu_view_look_at (&self->now, x, y);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
ease_cb (double value, gpointer data)
{
  SfuCanvas *self = data;
  set_zoom_at (self, value, self->pointer_x, self->pointer_y);
}

/* To where it was going. */
static void
end_easing (SfuCanvas *self)
{
  if (self->easing != NULL)
    adw_animation_skip (self->easing);
  g_clear_object (&self->easing);
}

static void
ease_to (SfuCanvas *self, double zoom, double x, double y)
{
  end_easing (self);
  self->pointer_x = x;
  self->pointer_y = y;
  self->easing = adw_timed_animation_new (GTK_WIDGET (self), sfu_canvas_get_zoom (self), sfu_view_clamp_zoom (zoom), EASE_MS,
                                          adw_callback_animation_target_new (ease_cb, self, NULL));
  adw_animation_play (self->easing);
}

void
sfu_canvas_zoom_to (SfuCanvas *self, double zoom)
{
  const SfuView *now = view (self);
  ease_to (self, zoom, now->width / 2, now->height / 2);
}

void
sfu_canvas_zoom_by (SfuCanvas *self, double factor)
{
  end_easing (self);
  sfu_canvas_zoom_to (self, sfu_canvas_get_zoom (self) * factor);
}

void
sfu_canvas_fit (SfuCanvas *self)
{
  end_easing (self);
  self->now.fitting = TRUE;
  zoom_changed (self);
}

/* -- gestures -- */

static gboolean
scroll_cb (SfuCanvas *self, double dx, double dy, GtkEventControllerScroll *controller)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  gboolean touchpad = gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_SURFACE;
  if (touchpad || (state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK)))
    {
      double step = touchpad ? 1 : 60, zoom = sfu_canvas_get_zoom (self) / device_scale (self);
      if (state & GDK_SHIFT_MASK)
        dx = dy, dy = 0;
      look_at (self, self->now.x + dx * step / zoom, self->now.y + dy * step / zoom);
    }
  else if (self->texture != NULL)
    set_zoom_at (self, sfu_canvas_get_zoom (self) * pow (NOTCH, -dy), self->pointer_x, self->pointer_y);
  return TRUE;
}

static gboolean
is_at_divider (SfuCanvas *self, double x)
{
  graphene_rect_t r = sfu_view_rect (view (self));
  return self->comparison != NULL && sfu_comparison_is_at_divider (self->comparison, &r, x);
}

static void
set_divider (SfuCanvas *self, double at)
{
  sfu_comparison_set_divider (self->comparison, at);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
motion_cb (SfuCanvas *self, double x, double y)
{
  if (self->comparison != NULL)
    gtk_widget_set_cursor_from_name (GTK_WIDGET (self), is_at_divider (self, x) ? "col-resize" : NULL);
  self->pointer_x = x;
  self->pointer_y = y;
}

static void
pinch_cb (SfuCanvas *self, double scale, GtkGestureZoom *gesture)
{
  double x = self->pointer_x, y = self->pointer_y;
  gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y);
  set_zoom_at (self, self->pinch_zoom * scale, x, y);
}

static void
pinch_begin_cb (SfuCanvas *self)
{
  self->pinch_zoom = sfu_canvas_get_zoom (self);
}

static void
drag_begin_cb (SfuCanvas *self, double x, double y, GtkGestureDrag *gesture)
{
  guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture));
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->dragging_divider = is_at_divider (self, x);
  if (!self->dragging_divider && button == GDK_BUTTON_PRIMARY && sfu_canvas_shows_all (self))
    {
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  self->drag_x = self->now.x;
  self->drag_y = self->now.y;
}

static void
drag_update_cb (SfuCanvas *self, double dx, double dy, GtkGestureDrag *gesture)
{
  graphene_rect_t r = sfu_view_rect (view (self));
  double zoom = sfu_canvas_get_zoom (self) / device_scale (self), x, y;
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_gesture_drag_get_start_point (gesture, &x, &y);
  if (self->dragging_divider && self->comparison != NULL)
    {
      set_divider (self, (x + dx - r.origin.x) / r.size.width);
      return;
    }
  look_at (self, self->drag_x - dx / zoom, self->drag_y - dy / zoom);
}

static void
pressed_cb (SfuCanvas *self, int n_press, double x, double y)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (n_press != 2)
    return;
  if (is_at_divider (self, x))
    set_divider (self, 0.5);
  else
    gtk_widget_activate_action (GTK_WIDGET (self), "win.fullscreen", NULL);
}

static gboolean
divider_key_cb (SfuCanvas *self, guint key, guint code, GdkModifierType state)
{
  if (self->comparison == NULL || !sfu_comparison_press_key (self->comparison, key, state))
    return FALSE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return TRUE;
}

/* -- the object -- */

static void
sfu_canvas_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SfuCanvas *self = SFU_CANVAS (object);
  if (id == PROP_ZOOM)
    g_value_set_double (value, sfu_canvas_get_zoom (self));
  else
    g_value_set_boolean (value, self->now.fitting);
}

static void
sfu_canvas_dispose (GObject *object)
{
  SfuCanvas *self = SFU_CANVAS (object);
  g_clear_pointer (&self->placeholder, gtk_widget_unparent);
  g_clear_object (&self->easing);
  g_clear_object (&self->texture);
  g_clear_pointer (&self->comparison, sfu_comparison_free);
  G_OBJECT_CLASS (sfu_canvas_parent_class)->dispose (object);
}

static void
sfu_canvas_class_init (SfuCanvasClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->get_property = sfu_canvas_get_property;
  G_OBJECT_CLASS (klass)->dispose = sfu_canvas_dispose;
  widget_class->snapshot = sfu_canvas_snapshot;
  widget_class->measure = sfu_canvas_measure;
  widget_class->size_allocate = sfu_canvas_size_allocate;
  props[PROP_ZOOM] = g_param_spec_double ("zoom", NULL, NULL, 0, G_MAXDOUBLE, 1, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_FITTING] = g_param_spec_boolean ("fitting", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "canvas");
}

static void
add_gestures (SfuCanvas *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new (), *drag = gtk_gesture_drag_new (), *click = gtk_gesture_click_new ();
  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (pinch, "begin", G_CALLBACK (pinch_begin_cb), self);
  g_signal_connect_swapped (pinch, "scale-changed", G_CALLBACK (pinch_cb), self);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), 0);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (divider_key_cb), self);
  gtk_widget_add_controller (widget, keys);
  gtk_widget_add_controller (widget, scroll);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
}

static void
sfu_canvas_init (SfuCanvas *self)
{
  AdwStyleManager *style = adw_style_manager_get_default ();
  self->now = (SfuView) { .fitting = TRUE, .zoom = 1, .scale = 1, .picture_width = 512, .picture_height = 512 };
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  g_signal_connect_object (style, "notify::dark", G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (style, "notify::high-contrast", G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
  add_gestures (self);
}

static void
set_size (SfuCanvas *self, guint width, guint height)
{
  if (self->now.picture_width == width && self->now.picture_height == height)
    return;
  self->now.picture_width = width;
  self->now.picture_height = height;
  self->now.fitting = TRUE;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}

void
sfu_canvas_set_preview (SfuCanvas *self, GdkTexture *texture, guint width, guint height)
{
  g_set_object (&self->texture, texture);
  if (texture != NULL)
    set_size (self, width, height);
  if (self->placeholder != NULL)
    gtk_widget_set_child_visible (self->placeholder, texture == NULL);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sfu_canvas_set_texture (SfuCanvas *self, GdkTexture *texture)
{
  sfu_canvas_set_preview (self, texture, texture != NULL ? gdk_texture_get_width (texture) : 0,
                          texture != NULL ? gdk_texture_get_height (texture) : 0);
}

GdkTexture *
sfu_canvas_texture (SfuCanvas *self)
{
  return self->texture;
}

void
sfu_canvas_set_paper (SfuCanvas *self, guint width, guint height)
{
  if (self->texture == NULL && width > 0 && height > 0)
    {
      set_size (self, width, height);
      gtk_widget_queue_draw (GTK_WIDGET (self));
    }
}

void
sfu_canvas_set_placeholder (SfuCanvas *self, GtkWidget *child)
{
  g_clear_pointer (&self->placeholder, gtk_widget_unparent);
  self->placeholder = child;
  if (child != NULL)
    gtk_widget_set_parent (child, GTK_WIDGET (self));
}

/* What fits changes with the width of a view. */
static void
view_changed (SfuCanvas *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sfu_canvas_compare (SfuCanvas *self, GdkTexture *texture, const char *left, const char *right)
{
  g_clear_pointer (&self->comparison, sfu_comparison_free);
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
  if (texture != NULL)
    self->comparison = sfu_comparison_new (GTK_WIDGET (self), texture, left, right);
  view_changed (self);
}

gboolean
sfu_canvas_is_comparing (SfuCanvas *self)
{
  return self->comparison != NULL;
}

void
sfu_canvas_flip (SfuCanvas *self)
{
  if (self->comparison == NULL)
    return;
  sfu_comparison_flip (self->comparison);
  view_changed (self);
}

void
sfu_canvas_toggle_side_by_side (SfuCanvas *self)
{
  if (self->comparison == NULL)
    return;
  sfu_comparison_set_side_by_side (self->comparison, !sfu_comparison_is_side_by_side (self->comparison));
  view_changed (self);
}

void
sfu_canvas_set_mat (SfuCanvas *self, SfuMat mat)
{
  self->mat = mat;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sfu_canvas_set_smooth (SfuCanvas *self, gboolean smooth)
{
  self->smooth = smooth;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
