#include "sfu-thumbnails.h"

#include <glib/gstdio.h>
#include <string.h>

#include "sfu-png.h"

struct _SfuThumbnails {
  GThreadPool *pool;
  GHashTable *wanted; /* SfuPicture -> itself, main thread */
  guint serial;
};

typedef struct {
  GHashTable *wanted;    /* the owner's: it may be gone when this is done */
  SfuPicture *picture;
  char *path;
  guint serial;
  gint dropped;          /* atomic */
  SfuImage *thumbnail;
} Request;

SfuImage *
sfu_thumbnail_of (SfuImage *image, guint side)
{
  return sfu_image_fit (image, side);
}

/* Where the specification wants it: the MD5 of the file's URI. */
static char *
cache_path (const char *uri)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_MD5, uri, -1);
  g_autofree char *name = g_strconcat (sum, ".png", NULL);
  return g_build_filename (g_get_user_cache_dir (), "thumbnails", "large", name, NULL);
}

static SfuImage *
load_or_make (const char *path)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL), *cached = uri != NULL ? cache_path (uri) : NULL;
  g_autoptr (GHashTable) texts = NULL;
  g_autoptr (SfuImage) image = NULL;
  g_autofree char *time = NULL, *folder = NULL;
  SfuImage *small;
  GStatBuf info;
  if (cached == NULL || g_stat (path, &info) != 0)
    return NULL;
  time = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) info.st_mtime);
  if ((image = sfu_png_read (cached, &texts, NULL)) != NULL && g_strcmp0 (g_hash_table_lookup (texts, "Thumb::MTime"), time) == 0)
    return g_steal_pointer (&image);
  g_clear_pointer (&image, sfu_image_unref);
  g_clear_pointer (&texts, g_hash_table_unref);
  if ((image = sfu_png_read (path, NULL, NULL)) == NULL)
    return NULL;
  small = sfu_thumbnail_of (image, SFU_THUMBNAIL_SIDE);
  texts = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (texts, (gpointer) "Thumb::URI", uri);
  g_hash_table_insert (texts, (gpointer) "Thumb::MTime", time);
  folder = g_path_get_dirname (cached);
  g_mkdir_with_parents (folder, 0700);
  sfu_png_write (small, cached, texts, NULL); /* a full disk costs time, no thumbnail */
  return small;
}

static void
request_free (Request *request)
{
  g_clear_pointer (&request->thumbnail, sfu_image_unref);
  g_hash_table_unref (request->wanted);
  g_object_unref (request->picture);
  g_free (request->path);
  g_free (request);
}

static gboolean
done_cb (gpointer data)
{
  Request *request = data;
  if (g_hash_table_lookup (request->wanted, request->picture) == request)
    {
      g_hash_table_remove (request->wanted, request->picture);
      if (request->thumbnail != NULL)
        sfu_picture_set_thumbnail (request->picture, request->thumbnail);
    }
  request_free (request);
  return G_SOURCE_REMOVE;
}

static void
work (gpointer item, gpointer data)
{
  Request *request = item;
  if (!g_atomic_int_get (&request->dropped))
    request->thumbnail = load_or_make (request->path);
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, done_cb, request, NULL);
}

static int
latest_first (gconstpointer a, gconstpointer b, gpointer data)
{
  guint x = ((const Request *) a)->serial, y = ((const Request *) b)->serial;
  return (x < y) - (x > y);
}

SfuThumbnails *
sfu_thumbnails_new (void)
{
  SfuThumbnails *self = g_new0 (SfuThumbnails, 1);
  self->wanted = g_hash_table_new (NULL, NULL);
  self->pool = g_thread_pool_new (work, NULL, 2, FALSE, NULL);
  g_thread_pool_set_sort_function (self->pool, latest_first, NULL);
  return self;
}

void
sfu_thumbnails_free (SfuThumbnails *self)
{
  GHashTableIter iter;
  Request *request;
  g_hash_table_iter_init (&iter, self->wanted);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &request))
    g_atomic_int_set (&request->dropped, TRUE);
  g_hash_table_remove_all (self->wanted);
  g_thread_pool_free (self->pool, FALSE, TRUE);
  g_hash_table_unref (self->wanted);
  g_free (self);
}

void
sfu_thumbnails_request (SfuThumbnails *self, SfuPicture *picture)
{
  Request *request;
  if (sfu_picture_thumbnail (picture) != NULL || g_hash_table_contains (self->wanted, picture))
    return;
  request = g_new0 (Request, 1);
  request->wanted = g_hash_table_ref (self->wanted);
  request->picture = g_object_ref (picture);
  request->path = g_strdup (sfu_picture_path (picture));
  request->serial = self->serial++;
  g_hash_table_insert (self->wanted, picture, request);
  g_thread_pool_push (self->pool, request, NULL);
}

void
sfu_thumbnails_drop (SfuThumbnails *self, SfuPicture *picture)
{
  Request *request = g_hash_table_lookup (self->wanted, picture);
  if (request == NULL)
    return;
  g_atomic_int_set (&request->dropped, TRUE);
  g_hash_table_remove (self->wanted, picture);
}
