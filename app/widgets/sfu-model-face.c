#include "sfu-model-face.h"

#include "sfu-texture.h"

#define SIDE 36
#define ICON 20
#define ROUND 8

struct _SfuModelFace {
  GtkWidget parent_instance;
  GtkWidget *icon;
  SfuPicture *picture;
  SfuThumbnails *thumbnails; /* until they have brought what was asked for; the window's, which outlives this */
  GdkTexture *texture;
};

G_DEFINE_FINAL_TYPE (SfuModelFace, sfu_model_face, GTK_TYPE_WIDGET)

static void
sfu_model_face_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SfuModelFace *self = SFU_MODEL_FACE (widget);
  double w = gtk_widget_get_width (widget), h = gtk_widget_get_height (widget), tw, th, scale;
  GskRoundedRect frame;
  if (self->texture == NULL)
    {
      gtk_widget_snapshot_child (widget, self->icon, snapshot);
      return;
    }
  tw = gdk_texture_get_width (self->texture);
  th = gdk_texture_get_height (self->texture);
  scale = MAX (w / tw, h / th);
  gsk_rounded_rect_init_from_rect (&frame, &GRAPHENE_RECT_INIT (0, 0, w, h), ROUND);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  gtk_snapshot_append_scaled_texture (snapshot, self->texture, GSK_SCALING_FILTER_TRILINEAR,
                                      &GRAPHENE_RECT_INIT ((w - tw * scale) / 2, (h - th * scale) / 2, tw * scale, th * scale));
  gtk_snapshot_pop (snapshot);
}

static void
stop_asking (SfuModelFace *self)
{
  if (self->thumbnails != NULL)
    sfu_thumbnails_drop (self->thumbnails, self->picture);
  self->thumbnails = NULL;
}

/* Pictures may go and lose their thumbnail; what has been seen once stays here. */
static void
take_texture (SfuModelFace *self)
{
  SfuImage *thumbnail = self->picture != NULL ? sfu_picture_thumbnail (self->picture) : NULL;
  if (thumbnail == NULL || self->texture != NULL)
    return;
  self->texture = sfu_texture_new (thumbnail);
  stop_asking (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sfu_model_face_set_picture (SfuModelFace *self, SfuPicture *picture, SfuThumbnails *thumbnails)
{
  if (picture == self->picture)
    return;
  if (self->picture != NULL)
    g_signal_handlers_disconnect_by_func (self->picture, take_texture, self);
  stop_asking (self);
  g_clear_object (&self->texture);
  g_set_object (&self->picture, picture);
  if (picture != NULL)
    {
      g_signal_connect_object (picture, "notify::thumbnail-ready", G_CALLBACK (take_texture), self, G_CONNECT_SWAPPED);
      self->thumbnails = thumbnails;
      sfu_thumbnails_request (thumbnails, picture);
      take_texture (self);
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
sfu_model_face_dispose (GObject *object)
{
  SfuModelFace *self = SFU_MODEL_FACE (object);
  g_clear_pointer (&self->icon, gtk_widget_unparent);
  stop_asking (self);
  g_clear_object (&self->picture);
  g_clear_object (&self->texture);
  G_OBJECT_CLASS (sfu_model_face_parent_class)->dispose (object);
}

static void
sfu_model_face_class_init (SfuModelFaceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_model_face_dispose;
  widget_class->snapshot = sfu_model_face_snapshot;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
  gtk_widget_class_set_css_name (widget_class, "model-face");
}

static void
sfu_model_face_init (SfuModelFace *self)
{
  self->icon = gtk_image_new_from_icon_name ("sfu-brush-symbolic");
  gtk_image_set_pixel_size (GTK_IMAGE (self->icon), ICON);
  gtk_widget_set_size_request (self->icon, SIDE, SIDE);
  gtk_widget_set_parent (self->icon, GTK_WIDGET (self));
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
}

GtkWidget *
sfu_model_face_new (void)
{
  return g_object_new (SFU_TYPE_MODEL_FACE, NULL);
}

GHashTable *
sfu_model_faces (SfuHistory *history)
{
  GHashTable *faces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (history));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SfuPicture) picture = g_list_model_get_item (G_LIST_MODEL (history), i);
      const SfuRequest *request = sfu_picture_is_favourite (picture) ? sfu_picture_request (picture) : NULL;
      if (request != NULL && !g_hash_table_contains (faces, request->model))
        g_hash_table_insert (faces, g_strdup (request->model), g_steal_pointer (&picture));
    }
  return faces;
}
