#include "sfu-comparison.h"

#include <math.h>

#define REACH 24 /* how near the divider a press takes hold of it */
#define KNOB 16
#define CORNER 3 /* as the canvas draws them */
#define PAD_X 10
#define PAD_Y 5
#define INSET 14

struct _SfuComparison {
  GtkWidget *canvas;
  GdkTexture *other;
  char *labels[2];
  double divider;
  gboolean side_by_side, flipped;
};

SfuComparison *
sfu_comparison_new (GtkWidget *canvas, GdkTexture *other, const char *left, const char *right)
{
  SfuComparison *self = g_new0 (SfuComparison, 1);
  self->canvas = canvas;
  self->other = g_object_ref (other);
  self->labels[0] = g_strdup (left);
  self->labels[1] = g_strdup (right);
  self->divider = 0.5;
  return self;
}

void
sfu_comparison_free (SfuComparison *self)
{
  g_object_unref (self->other);
  g_free (self->labels[0]);
  g_free (self->labels[1]);
  g_free (self);
}

gboolean
sfu_comparison_is_side_by_side (SfuComparison *self)
{
  return self->side_by_side;
}

void
sfu_comparison_set_side_by_side (SfuComparison *self, gboolean side)
{
  self->side_by_side = side;
}

void
sfu_comparison_set_divider (SfuComparison *self, double at)
{
  self->divider = CLAMP (at, 0, 1);
}

void
sfu_comparison_flip (SfuComparison *self)
{
  self->side_by_side = FALSE;
  self->flipped = !self->flipped;
  self->divider = self->flipped ? 1 : 0;
}

gboolean
sfu_comparison_is_at_divider (SfuComparison *self, const graphene_rect_t *picture, double x)
{
  return !self->side_by_side && fabs (x - picture->origin.x - self->divider * picture->size.width) < REACH;
}

gboolean
sfu_comparison_press_key (SfuComparison *self, guint key, GdkModifierType state)
{
  double by = state & GDK_SHIFT_MASK ? 0.1 : 0.02;
  if (self->side_by_side || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)))
    return FALSE;
  switch (key)
    {
    case GDK_KEY_Left: case GDK_KEY_KP_Left: sfu_comparison_set_divider (self, self->divider - by); return TRUE;
    case GDK_KEY_Right: case GDK_KEY_KP_Right: sfu_comparison_set_divider (self, self->divider + by); return TRUE;
    case GDK_KEY_Home: case GDK_KEY_KP_Home: sfu_comparison_set_divider (self, 0); return TRUE;
    case GDK_KEY_End: case GDK_KEY_KP_End: sfu_comparison_set_divider (self, 1); return TRUE;
    default: return FALSE;
    }
}

/* -- drawing -- */

graphene_rect_t
sfu_comparison_place_of_other (SfuComparison *self, const graphene_rect_t *picture)
{
  double w = gdk_texture_get_width (self->other), h = gdk_texture_get_height (self->other);
  double scale = MIN (picture->size.width / w, picture->size.height / h);
  return GRAPHENE_RECT_INIT (picture->origin.x + (picture->size.width - w * scale) / 2,
                             picture->origin.y + (picture->size.height - h * scale) / 2, w * scale, h * scale);
}

void
sfu_comparison_snapshot_other (SfuComparison *self, GtkSnapshot *snapshot, GskScalingFilter filter, const graphene_rect_t *picture)
{
  graphene_rect_t place = sfu_comparison_place_of_other (self, picture);
  gtk_snapshot_append_scaled_texture (snapshot, self->other, filter, &place);
}

static void
draw_knob (GtkSnapshot *snapshot, double x, double y)
{
  const GdkRGBA white = { 1, 1, 1, 1 }, ink = { 0, 0, 0, 0.8 };
  g_autoptr (GskPathBuilder) arrows = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  g_autoptr (GskStroke) stroke = gsk_stroke_new (2);
  GskRoundedRect knob;
  gsk_rounded_rect_init_from_rect (&knob, &GRAPHENE_RECT_INIT (x - KNOB, y - KNOB, 2 * KNOB, 2 * KNOB), KNOB);
  gtk_snapshot_append_outset_shadow (snapshot, &knob, &(GdkRGBA) { 0, 0, 0, 0.4 }, 0, 1, 0, 4);
  gtk_snapshot_push_rounded_clip (snapshot, &knob);
  gtk_snapshot_append_color (snapshot, &white, &knob.bounds);
  gtk_snapshot_pop (snapshot);
  for (int side = -1; side <= 1; side += 2)
    {
      gsk_path_builder_move_to (arrows, x + side * 4, y - 4);
      gsk_path_builder_line_to (arrows, x + side * 8, y);
      gsk_path_builder_line_to (arrows, x + side * 4, y + 4);
    }
  path = gsk_path_builder_to_path (arrows);
  gtk_snapshot_append_stroke (snapshot, path, stroke, &ink);
}

void
sfu_comparison_snapshot_divided (SfuComparison *self, GtkSnapshot *snapshot, GskScalingFilter filter, const graphene_rect_t *picture)
{
  const GdkRGBA white = { 1, 1, 1, 1 }, edge = { 0, 0, 0, 0.25 }, mat = { 0, 0, 0, 1 };
  double x = picture->origin.x + self->divider * picture->size.width;
  graphene_rect_t left = GRAPHENE_RECT_INIT (picture->origin.x, picture->origin.y, self->divider * picture->size.width, picture->size.height);
  graphene_rect_t place = sfu_comparison_place_of_other (self, picture);
  GskRoundedRect frame;
  gsk_rounded_rect_init_from_rect (&frame, picture, CORNER);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  gtk_snapshot_push_clip (snapshot, &left);
  if (place.size.width < picture->size.width - 1 || place.size.height < picture->size.height - 1)
    gtk_snapshot_append_color (snapshot, &mat, &left);
  sfu_comparison_snapshot_other (self, snapshot, filter, picture);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_append_color (snapshot, &edge, &GRAPHENE_RECT_INIT (x - 2, picture->origin.y, 4, picture->size.height));
  gtk_snapshot_append_color (snapshot, &white, &GRAPHENE_RECT_INIT (x - 1, picture->origin.y, 2, picture->size.height));
  draw_knob (snapshot, x, picture->origin.y + picture->size.height / 2);
}

/* In a lower corner of what is in view of the picture. */
static void
draw_label (SfuComparison *self, GtkSnapshot *snapshot, const char *text, const graphene_rect_t *picture, gboolean left, double widest)
{
  g_autoptr (PangoLayout) layout = NULL;
  const GdkRGBA back = { 0, 0, 0, 0.72 }, fore = { 1, 1, 1, 1 };
  double x0 = MAX (picture->origin.x, 0), x1 = MIN (picture->origin.x + picture->size.width, gtk_widget_get_width (self->canvas));
  double bottom = MIN (picture->origin.y + picture->size.height, gtk_widget_get_height (self->canvas));
  GskRoundedRect pill;
  int w, h;
  double x, y;
  if (text == NULL || *text == '\0')
    return;
  layout = gtk_widget_create_pango_layout (self->canvas, text);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, -1);
  pango_layout_get_pixel_size (layout, &w, &h);
  if (w > widest - 2 * (INSET + PAD_X))
    {
      pango_layout_set_width (layout, (int) MAX (widest - 2 * (INSET + PAD_X), 40) * PANGO_SCALE);
      pango_layout_get_pixel_size (layout, &w, &h);
    }
  x = left ? x0 + INSET : x1 - w - 2 * PAD_X - INSET;
  y = bottom - h - 2 * PAD_Y - INSET;
  gsk_rounded_rect_init_from_rect (&pill, &GRAPHENE_RECT_INIT (x, y, w + 2 * PAD_X, h + 2 * PAD_Y), (h + 2 * PAD_Y) / 2.0);
  gtk_snapshot_push_rounded_clip (snapshot, &pill);
  gtk_snapshot_append_color (snapshot, &back, &pill.bounds);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x + PAD_X, y + PAD_Y));
  gtk_snapshot_append_layout (snapshot, layout, &fore);
  gtk_snapshot_restore (snapshot);
}

void
sfu_comparison_snapshot_labels (SfuComparison *self, GtkSnapshot *snapshot, const graphene_rect_t *left, const graphene_rect_t *right)
{
  if (self->side_by_side)
    {
      draw_label (self, snapshot, self->labels[0], left, TRUE, left->size.width);
      draw_label (self, snapshot, self->labels[1], right, FALSE, right->size.width);
      return;
    }
  /* A picture that is not to be seen at all has no label. */
  if (self->divider > 0)
    draw_label (self, snapshot, self->labels[0], left, TRUE, left->size.width * (self->divider < 1 ? 0.5 : 1));
  if (self->divider < 1)
    draw_label (self, snapshot, self->labels[1], right, FALSE, right->size.width * (self->divider > 0 ? 0.5 : 1));
}
