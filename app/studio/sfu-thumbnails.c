#include "sfu-thumbnails.h"

#include <glib/gstdio.h>
#include <string.h>

#include "sfu-png.h"

#define BYTES_KEPT (64u << 20)

typedef struct _Request Request;

/* A picture that is seen, or was. */
typedef struct {
  SfuPicture *picture;
  guint users;
  Request *request;     /* NULL: not under way */
  gsize bytes;          /* of its thumbnail */
  GList link;           /* in unseen, while there are no users */
} Entry;

/* What requests in other threads hold on to: it may outlive the owner. */
typedef struct {
  gatomicrefcount refs;
  GHashTable *entries;  /* SfuPicture -> Entry; main thread */
  GQueue unseen;        /* Entry, seen last first */
  gsize bytes;
} Table;

struct _SfuThumbnails {
  GThreadPool *pool;
  Table *table;
  guint serial;
};

struct _Request {
  Table *table;
  SfuPicture *picture;
  char *path;
  guint serial;
  gint dropped;          /* atomic */
  SfuImage *thumbnail;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;
  if (entry->request != NULL)
    g_atomic_int_set (&entry->request->dropped, TRUE);
  g_object_unref (entry->picture);
  g_free (entry);
}

static void
table_unref (Table *table)
{
  if (!g_atomic_ref_count_dec (&table->refs))
    return;
  g_hash_table_unref (table->entries);
  g_free (table);
}

static void
forget_unseen (Table *table)
{
  while (table->bytes > BYTES_KEPT && table->unseen.length > 0)
    {
      Entry *entry = g_queue_pop_tail_link (&table->unseen)->data;
      table->bytes -= entry->bytes;
      sfu_picture_set_thumbnail (entry->picture, NULL);
      g_hash_table_remove (table->entries, entry->picture);
    }
}

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
  table_unref (request->table);
  g_object_unref (request->picture);
  g_free (request->path);
  g_free (request);
}

static gboolean
done_cb (gpointer data)
{
  Request *request = data;
  Table *table = request->table;
  Entry *entry = g_hash_table_lookup (table->entries, request->picture);
  if (entry != NULL && entry->request == request)
    {
      entry->request = NULL;
      if (request->thumbnail != NULL)
        {
          entry->bytes = 3 * (gsize) sfu_image_width (request->thumbnail) * sfu_image_height (request->thumbnail);
          table->bytes += entry->bytes;
          sfu_picture_set_thumbnail (request->picture, request->thumbnail);
          forget_unseen (table);
        }
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
  self->table = g_new0 (Table, 1);
  g_atomic_ref_count_init (&self->table->refs);
  self->table->entries = g_hash_table_new_full (NULL, NULL, NULL, entry_free);
  g_queue_init (&self->table->unseen);
  self->pool = g_thread_pool_new (work, NULL, 2, FALSE, NULL);
  g_thread_pool_set_sort_function (self->pool, latest_first, NULL);
  return self;
}

void
sfu_thumbnails_free (SfuThumbnails *self)
{
  g_queue_init (&self->table->unseen); /* its links lie in the entries */
  g_hash_table_remove_all (self->table->entries);
  g_thread_pool_free (self->pool, FALSE, TRUE);
  table_unref (self->table);
  g_free (self);
}

static void
begin (SfuThumbnails *self, Entry *entry)
{
  Request *request = g_new0 (Request, 1);
  g_atomic_ref_count_inc (&self->table->refs);
  request->table = self->table;
  request->picture = g_object_ref (entry->picture);
  request->path = g_strdup (sfu_picture_path (entry->picture));
  request->serial = self->serial++;
  entry->request = request;
  g_thread_pool_push (self->pool, request, NULL);
}

void
sfu_thumbnails_request (SfuThumbnails *self, SfuPicture *picture)
{
  Entry *entry = g_hash_table_lookup (self->table->entries, picture);
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->picture = g_object_ref (picture);
      entry->link.data = entry;
      g_hash_table_insert (self->table->entries, picture, entry);
    }
  else if (entry->users == 0)
    g_queue_unlink (&self->table->unseen, &entry->link);
  entry->users++;
  if (entry->request == NULL && sfu_picture_thumbnail (picture) == NULL)
    begin (self, entry);
}

void
sfu_thumbnails_drop (SfuThumbnails *self, SfuPicture *picture)
{
  Entry *entry = g_hash_table_lookup (self->table->entries, picture);
  if (entry == NULL || --entry->users > 0)
    return;
  if (entry->bytes == 0)
    {
      g_hash_table_remove (self->table->entries, picture);
      return;
    }
  g_queue_push_head_link (&self->table->unseen, &entry->link);
  forget_unseen (self->table);
}
