#include "sfu-picture-tile.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#include "sfu-texture.h"

struct _SfuPictureTile {
  GtkWidget parent_instance;
  SfuPicture *picture;
  SfuThumbnails *thumbnails;
  GdkTexture *texture;
  GdkPaintable *star;
  double progress;
  int side;
  gboolean seen; /* the thumbnail has been requested */
};

G_DEFINE_FINAL_TYPE (SfuPictureTile, sfu_picture_tile, GTK_TYPE_WIDGET)

char *
sfu_picture_label (SfuPicture *picture)
{
  const SfuRequest *request = sfu_picture_request (picture);
  gboolean favourite = sfu_picture_is_favourite (picture);
  g_autofree char *name = NULL, *seed = NULL;
  const char *prompt;
  if (request == NULL)
    {
      name = g_path_get_basename (sfu_picture_path (picture));
      /* Translators: a file's name, of a picture that is a favourite. */
      return favourite ? g_strdup_printf (_("%s, favourite"), name) : g_steal_pointer (&name);
    }
  seed = g_strdup_printf ("%" G_GUINT64_FORMAT, request->seed);
  prompt = *request->prompt != '\0' ? request->prompt : _("No prompt");
  /* Translators: a prompt and the number of its seed. */
  return favourite ? g_strdup_printf (_("%s, seed %s, favourite"), prompt, seed) : g_strdup_printf (_("%s, seed %s"), prompt, seed);
}

static void
draw_star (SfuPictureTile *self, GtkSnapshot *snapshot)
{
  const double size = 16, at = gtk_widget_get_width (GTK_WIDGET (self)) - size - 5;
  const GdkRGBA gold = { 0.97, 0.81, 0.15, 1 };
  GdkDisplay *display = gtk_widget_get_display (GTK_WIDGET (self));
  if (self->star == NULL)
    self->star = GDK_PAINTABLE (gtk_icon_theme_lookup_icon (gtk_icon_theme_get_for_display (display), "starred-symbolic", NULL, 16,
                                                            gtk_widget_get_scale_factor (GTK_WIDGET (self)), GTK_TEXT_DIR_LTR, 0));
  gtk_snapshot_push_shadow (snapshot, &(GskShadow) { .color = { 0, 0, 0, 0.7 }, .dx = 0, .dy = 0, .radius = 3 }, 1);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (at, gtk_widget_get_height (GTK_WIDGET (self)) - size - 5));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (self->star), snapshot, size, size, &gold, 1);
  gtk_snapshot_restore (snapshot);
  gtk_snapshot_pop (snapshot);
}

static void
draw_ring (SfuPictureTile *self, GtkSnapshot *snapshot)
{
  double w = gtk_widget_get_width (GTK_WIDGET (self)), h = gtk_widget_get_height (GTK_WIDGET (self)), r = 15;
  g_autoptr (GskStroke) stroke = gsk_stroke_new (4);
  g_autoptr (GskPathBuilder) whole = gsk_path_builder_new (), part = gsk_path_builder_new ();
  g_autoptr (GskPath) circle = NULL, arc = NULL;
  double angle = 2 * G_PI * CLAMP (self->progress, 0.001, 0.999);
  gsk_path_builder_add_circle (whole, &GRAPHENE_POINT_INIT (w / 2, h / 2), r);
  circle = gsk_path_builder_to_path (whole);
  gsk_path_builder_move_to (part, w / 2, h / 2 - r);
  gsk_path_builder_svg_arc_to (part, r, r, 0, angle > G_PI, TRUE, w / 2 + r * sin (angle), h / 2 - r * cos (angle));
  arc = gsk_path_builder_to_path (part);
  gsk_stroke_set_line_cap (stroke, GSK_LINE_CAP_ROUND);
  gtk_snapshot_append_color (snapshot, &(GdkRGBA) { 0, 0, 0, 0.25 }, &GRAPHENE_RECT_INIT (0, 0, w, h));
  gtk_snapshot_append_stroke (snapshot, circle, stroke, &(GdkRGBA) { 1, 1, 1, 0.35 });
  gtk_snapshot_append_stroke (snapshot, arc, stroke, &(GdkRGBA) { 1, 1, 1, 1 });
}

static void
sfu_picture_tile_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SfuPictureTile *self = SFU_PICTURE_TILE (widget);
  double w = gtk_widget_get_width (widget), h = gtk_widget_get_height (widget);
  GskRoundedRect frame;
  GdkRGBA empty;
  if (self->texture == NULL && self->picture != NULL && sfu_picture_thumbnail (self->picture) != NULL)
    self->texture = sfu_texture_new (sfu_picture_thumbnail (self->picture));
  gsk_rounded_rect_init_from_rect (&frame, &GRAPHENE_RECT_INIT (0, 0, w, h), 8);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  if (self->texture != NULL)
    {
      double tw = gdk_texture_get_width (self->texture), th = gdk_texture_get_height (self->texture), scale = MAX (w / tw, h / th);
      gtk_snapshot_append_scaled_texture (snapshot, self->texture, GSK_SCALING_FILTER_TRILINEAR,
                                          &GRAPHENE_RECT_INIT ((w - tw * scale) / 2, (h - th * scale) / 2, tw * scale, th * scale));
    }
  else
    {
      gtk_widget_get_color (widget, &empty);
      empty.alpha *= 0.1;
      gtk_snapshot_append_color (snapshot, &empty, &frame.bounds);
    }
  if (self->progress >= 0)
    draw_ring (self, snapshot);
  gtk_snapshot_pop (snapshot);
  if (self->picture != NULL && sfu_picture_is_favourite (self->picture))
    draw_star (self, snapshot);
}

static void
sfu_picture_tile_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_baseline,
                          int *nat_baseline)
{
  *minimum = *natural = SFU_PICTURE_TILE (widget)->side;
}

static void
redraw (SfuPictureTile *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Only what is in view has pixels. */
static void
see (SfuPictureTile *self)
{
  if (self->picture != NULL && self->thumbnails != NULL && !self->seen && gtk_widget_get_mapped (GTK_WIDGET (self)))
    {
      sfu_thumbnails_request (self->thumbnails, self->picture);
      self->seen = TRUE;
    }
}

static void
unsee (SfuPictureTile *self)
{
  if (self->seen)
    {
      sfu_thumbnails_drop (self->thumbnails, self->picture);
      g_clear_object (&self->texture);
    }
  self->seen = FALSE;
}

static void
sfu_picture_tile_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sfu_picture_tile_parent_class)->map (widget);
  see (SFU_PICTURE_TILE (widget));
}

static void
sfu_picture_tile_unmap (GtkWidget *widget)
{
  unsee (SFU_PICTURE_TILE (widget));
  GTK_WIDGET_CLASS (sfu_picture_tile_parent_class)->unmap (widget);
}

void
sfu_picture_tile_set_picture (SfuPictureTile *self, SfuPicture *picture, SfuThumbnails *thumbnails)
{
  if (self->picture == picture)
    return;
  unsee (self);
  if (self->picture != NULL)
    g_signal_handlers_disconnect_by_data (self->picture, self);
  g_clear_object (&self->texture);
  g_set_object (&self->picture, picture);
  self->thumbnails = thumbnails;
  self->progress = -1;
  if (picture != NULL)
    g_signal_connect_object (picture, "notify", G_CALLBACK (redraw), self, G_CONNECT_SWAPPED);
  see (self);
  redraw (self);
}

SfuPicture *
sfu_picture_tile_picture (SfuPictureTile *self)
{
  return self->picture;
}

void
sfu_picture_tile_set_live (SfuPictureTile *self, GdkTexture *texture, double progress)
{
  g_set_object (&self->texture, texture);
  self->progress = progress;
  redraw (self);
}

void
sfu_picture_tile_set_side (SfuPictureTile *self, int side)
{
  self->side = side;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
sfu_picture_tile_dispose (GObject *object)
{
  SfuPictureTile *self = SFU_PICTURE_TILE (object);
  if (self->picture != NULL)
    g_signal_handlers_disconnect_by_data (self->picture, self);
  g_clear_object (&self->picture);
  g_clear_object (&self->texture);
  g_clear_object (&self->star);
  G_OBJECT_CLASS (sfu_picture_tile_parent_class)->dispose (object);
}

static void
sfu_picture_tile_class_init (SfuPictureTileClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_picture_tile_dispose;
  widget_class->snapshot = sfu_picture_tile_snapshot;
  widget_class->measure = sfu_picture_tile_measure;
  widget_class->map = sfu_picture_tile_map;
  widget_class->unmap = sfu_picture_tile_unmap;
  gtk_widget_class_set_css_name (widget_class, "picture-tile");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
sfu_picture_tile_init (SfuPictureTile *self)
{
  self->side = 84;
  self->progress = -1;
}

GtkWidget *
sfu_picture_tile_new (int side)
{
  SfuPictureTile *self = g_object_new (SFU_TYPE_PICTURE_TILE, NULL);
  self->side = side;
  return GTK_WIDGET (self);
}
