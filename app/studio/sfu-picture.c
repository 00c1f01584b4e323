#include "sfu-picture.h"

struct _SfuPicture {
  GObject parent_instance;
  char *path;
  SfuRequest *request;
  guint width, height;
  gint64 created;
  gboolean favourite;
  SfuImage *thumbnail;
  char *words; /* what is searched, folded; NULL: not asked for yet */
};

G_DEFINE_FINAL_TYPE (SfuPicture, sfu_picture, G_TYPE_OBJECT)

enum { PROP_0, PROP_FAVOURITE, PROP_THUMBNAIL_READY, N_PROPS };
static GParamSpec *props[N_PROPS];

static void
sfu_picture_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SfuPicture *self = SFU_PICTURE (object);
  g_value_set_boolean (value, id == PROP_FAVOURITE ? self->favourite : self->thumbnail != NULL);
}

static void
sfu_picture_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  sfu_picture_set_favourite (SFU_PICTURE (object), g_value_get_boolean (value));
}

static void
sfu_picture_finalize (GObject *object)
{
  SfuPicture *self = SFU_PICTURE (object);
  g_free (self->path);
  g_free (self->words);
  sfu_request_unref (self->request);
  g_clear_pointer (&self->thumbnail, sfu_image_unref);
  G_OBJECT_CLASS (sfu_picture_parent_class)->finalize (object);
}

static void
sfu_picture_class_init (SfuPictureClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = sfu_picture_get_property;
  object_class->set_property = sfu_picture_set_property;
  object_class->finalize = sfu_picture_finalize;
  props[PROP_FAVOURITE] = g_param_spec_boolean ("favourite", NULL, NULL, FALSE,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  props[PROP_THUMBNAIL_READY] = g_param_spec_boolean ("thumbnail-ready", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
sfu_picture_init (SfuPicture *self)
{
}

SfuPicture *
sfu_picture_new (const char *path, const SfuRequest *request, guint width, guint height, gint64 created)
{
  SfuPicture *self = g_object_new (SFU_TYPE_PICTURE, NULL);
  self->path = g_strdup (path);
  self->request = request != NULL ? sfu_request_copy (request) : NULL;
  self->width = width;
  self->height = height;
  self->created = created;
  return self;
}

const char *
sfu_picture_path (SfuPicture *self)
{
  return self->path;
}

void
sfu_picture_set_path (SfuPicture *self, const char *path)
{
  g_set_str (&self->path, path);
  g_clear_pointer (&self->words, g_free);
}

const SfuRequest *
sfu_picture_request (SfuPicture *self)
{
  return self->request;
}

guint
sfu_picture_width (SfuPicture *self)
{
  return self->width;
}

guint
sfu_picture_height (SfuPicture *self)
{
  return self->height;
}

gint64
sfu_picture_created (SfuPicture *self)
{
  return self->created;
}

gboolean
sfu_picture_is_favourite (SfuPicture *self)
{
  return self->favourite;
}

void
sfu_picture_set_favourite (SfuPicture *self, gboolean favourite)
{
  if (self->favourite == !!favourite)
    return;
  self->favourite = !!favourite;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FAVOURITE]);
}

SfuImage *
sfu_picture_thumbnail (SfuPicture *self)
{
  return self->thumbnail;
}

void
sfu_picture_set_thumbnail (SfuPicture *self, SfuImage *thumbnail)
{
  g_clear_pointer (&self->thumbnail, sfu_image_unref);
  self->thumbnail = thumbnail != NULL ? sfu_image_ref (thumbnail) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_THUMBNAIL_READY]);
}

static char *
words_of (SfuPicture *self)
{
  g_autofree char *name = g_path_get_basename (self->path), *text = NULL;
  if (self->request != NULL)
    text = g_strdup_printf ("%s\n%s\n%s\n%" G_GUINT64_FORMAT, name, self->request->prompt, self->request->model, self->request->seed);
  return g_utf8_casefold (text != NULL ? text : name, -1);
}

gboolean
sfu_picture_matches (SfuPicture *self, const char *const *needles)
{
  if (self->words == NULL)
    self->words = words_of (self);
  for (guint i = 0; needles[i] != NULL; i++)
    if (strstr (self->words, needles[i]) == NULL)
      return FALSE;
  return TRUE;
}
