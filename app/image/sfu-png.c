#include "sfu-png.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "sfu-file.h"

G_DEFINE_QUARK (sfu-image-error-quark, sfu_image_error)

#define MAX_SIDE 16384
#define MAX_PIXELS (G_GUINT64_CONSTANT (1) << 28)
/* Text that a hostile file may make us unpack. */
#define MAX_CHUNK_BYTES (16u << 20)
#define MAX_CHUNKS 256
#define MAX_FILE_BYTES (G_GUINT64_CONSTANT (1) << 30)

/* libpng reports by longjmp: everything that must be freed lives here, outside of the frame it leaves. */
typedef struct {
  png_structp png;
  png_infop info;
  jmp_buf back;
  char *message;
  GByteArray *written;
  const guint8 *data;
  gsize size, at;
  SfuImage *image;
  png_bytepp rows;
} Session;

static void
session_clear (Session *self, gboolean reading)
{
  if (reading)
    png_destroy_read_struct (&self->png, &self->info, NULL);
  else
    png_destroy_write_struct (&self->png, &self->info);
  g_clear_pointer (&self->written, g_byte_array_unref);
  g_clear_pointer (&self->image, sfu_image_unref);
  g_clear_pointer (&self->rows, g_free);
  g_clear_pointer (&self->message, g_free);
}

static void
error_cb (png_structp png, png_const_charp message)
{
  Session *self = png_get_error_ptr (png);
  g_set_str (&self->message, message);
  longjmp (self->back, 1);
}

static void
warning_cb (png_structp png, png_const_charp message)
{
  g_debug ("libpng: %s", message);
}

static void
write_cb (png_structp png, png_bytep data, size_t size)
{
  Session *self = png_get_io_ptr (png);
  g_byte_array_append (self->written, data, size);
}

static void
flush_cb (png_structp png)
{
}

/* Latin-1 text goes to a plain chunk, which every reader knows; other text to an international one. */
static GArray *
make_texts (GHashTable *texts, GPtrArray *strings)
{
  GArray *array = g_array_new (FALSE, TRUE, sizeof (png_text));
  GHashTableIter iter;
  gpointer key, value;
  if (texts == NULL)
    return array;
  g_hash_table_iter_init (&iter, texts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      char *latin = g_convert (value, -1, "ISO-8859-1", "UTF-8", NULL, NULL, NULL);
      png_text text = { .key = key, .compression = latin != NULL ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
                        .text = latin != NULL ? latin : value };
      if (latin != NULL)
        g_ptr_array_add (strings, latin);
      g_array_append_val (array, text);
    }
  return array;
}

static gboolean
encode (Session *self, SfuImage *image, GArray *texts)
{
  guint width = sfu_image_width (image), height = sfu_image_height (image);
  if (setjmp (self->back) != 0)
    return FALSE;
  self->png = png_create_write_struct (PNG_LIBPNG_VER_STRING, self, error_cb, warning_cb);
  self->info = self->png != NULL ? png_create_info_struct (self->png) : NULL;
  if (self->info == NULL)
    return FALSE;
  png_set_write_fn (self->png, self, write_cb, flush_cb);
  png_set_IHDR (self->png, self->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                PNG_FILTER_TYPE_DEFAULT);
  png_set_text (self->png, self->info, (png_textp) texts->data, texts->len);
  png_write_info (self->png, self->info);
  for (guint y = 0; y < height; y++)
    png_write_row (self->png, sfu_image_pixels (image) + (gsize) y * width * 3);
  png_write_end (self->png, self->info);
  return TRUE;
}

gboolean
sfu_png_write (SfuImage *image, const char *path, GHashTable *texts, GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) chunks = make_texts (texts, strings);
  Session session = { .written = g_byte_array_new () };
  gboolean ok = encode (&session, image, chunks);
  if (ok)
    ok = sfu_file_write (path, session.written->data, session.written->len, error);
  else
    g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_WRITE, "%s cannot be written: %s.", path,
                 session.message != NULL ? session.message : "not enough memory");
  session_clear (&session, FALSE);
  return ok;
}

static void
read_cb (png_structp png, png_bytep data, size_t size)
{
  Session *self = png_get_io_ptr (png);
  if (size > self->size - self->at)
    png_error (png, "the file ends too early");
  memcpy (data, self->data + self->at, size);
  self->at += size;
}

/* Every kind of PNG becomes 8-bit RGB over white. */
static void
set_transforms (Session *self)
{
  png_color_16 white = { .red = 255, .green = 255, .blue = 255, .gray = 255 };
  guint colour = png_get_color_type (self->png, self->info);
  png_set_expand (self->png);
  png_set_scale_16 (self->png);
  if (colour == PNG_COLOR_TYPE_GRAY || colour == PNG_COLOR_TYPE_GRAY_ALPHA)
    png_set_gray_to_rgb (self->png);
  if ((colour & PNG_COLOR_MASK_ALPHA) || png_get_valid (self->png, self->info, PNG_INFO_tRNS))
    png_set_background (self->png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1);
  png_set_interlace_handling (self->png);
  png_read_update_info (self->png, self->info);
}

/* Everything before the pixels. Called where errors have somewhere to jump to. */
static gboolean
begin (Session *self)
{
  self->png = png_create_read_struct (PNG_LIBPNG_VER_STRING, self, error_cb, warning_cb);
  self->info = self->png != NULL ? png_create_info_struct (self->png) : NULL;
  if (self->info == NULL)
    return FALSE;
  png_set_user_limits (self->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max (self->png, MAX_CHUNK_BYTES);
  png_set_chunk_cache_max (self->png, MAX_CHUNKS);
  png_set_read_fn (self->png, self, read_cb);
  png_read_info (self->png, self->info);
  return TRUE;
}

static gboolean
decode (Session *self, gboolean *too_large)
{
  if (setjmp (self->back) != 0 || !begin (self))
    return FALSE;
  guint64 width = png_get_image_width (self->png, self->info), height = png_get_image_height (self->png, self->info);
  *too_large = width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS;
  if (*too_large)
    return FALSE;
  set_transforms (self);
  if (png_get_rowbytes (self->png, self->info) != width * 3)
    png_error (self->png, "it has an unknown pixel format");
  self->image = sfu_image_new (width, height);
  self->rows = g_new (png_bytep, height);
  for (guint y = 0; y < height; y++)
    self->rows[y] = sfu_image_pixels (self->image) + y * width * 3;
  png_read_image (self->png, self->rows);
  png_read_end (self->png, self->info);
  return TRUE;
}

static GHashTable *
take_texts (Session *self)
{
  GHashTable *texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  png_textp chunks = NULL;
  int n = png_get_text (self->png, self->info, &chunks, NULL);
  for (int i = 0; i < n; i++)
    {
      gboolean utf8 = chunks[i].compression == PNG_ITXT_COMPRESSION_NONE || chunks[i].compression == PNG_ITXT_COMPRESSION_zTXt;
      gsize length = utf8 ? chunks[i].itxt_length : chunks[i].text_length;
      char *text = utf8 ? g_utf8_make_valid (chunks[i].text, length)
                        : g_convert (chunks[i].text, length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
      if (text != NULL)
        g_hash_table_insert (texts, g_utf8_make_valid (chunks[i].key, -1), text);
    }
  return texts;
}

static gboolean
load (const char *path, char **data, gsize *size, GError **error)
{
  g_autoptr (GError) local = NULL;
  GStatBuf info;
  if (g_stat (path, &info) == 0 && S_ISREG (info.st_mode) && (guint64) info.st_size > MAX_FILE_BYTES)
    {
      g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_TOO_LARGE, "%s is larger than any picture that can be used here.", path);
      return FALSE;
    }
  if (g_stat (path, &info) == 0 && !S_ISREG (info.st_mode))
    {
      g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_AN_IMAGE, "%s is not a file. Give the path of a PNG picture.", path);
      return FALSE;
    }
  if (g_file_get_contents (path, data, size, &local))
    return TRUE;
  g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_FOUND, "The picture %s cannot be opened: %s.", path,
               g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? "there is no such file" : local->message);
  return FALSE;
}

SfuImage *
sfu_png_read (const char *path, GHashTable **texts, GError **error)
{
  g_autofree char *data = NULL;
  gsize size = 0;
  gboolean too_large = FALSE;
  SfuImage *image = NULL;
  if (!load (path, &data, &size, error))
    return NULL;
  Session session = { .data = (const guint8 *) data, .size = size };
  if (size < 8 || png_sig_cmp ((png_const_bytep) data, 0, 8) != 0)
    g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_AN_IMAGE,
                 "%s is not a PNG picture. Save it as PNG first.", path);
  else if (decode (&session, &too_large))
    {
      image = g_steal_pointer (&session.image);
      if (texts != NULL)
        *texts = take_texts (&session);
    }
  else if (too_large)
    g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_TOO_LARGE,
                 "%s is too large: up to %u pixels a side can be used. Make it smaller first.", path, MAX_SIDE);
  else
    g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_AN_IMAGE, "%s is a damaged PNG picture (%s).", path,
                 session.message != NULL ? session.message : "not enough memory");
  session_clear (&session, TRUE);
  return image;
}

static gboolean
decode_header (Session *self)
{
  return setjmp (self->back) == 0 && begin (self);
}

gboolean
sfu_png_read_header (const char *path, guint *width, guint *height, GHashTable **texts, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  gboolean ok = FALSE;
  if (file == NULL)
    {
      g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_FOUND, "The picture %s cannot be opened.", path);
      return FALSE;
    }
  Session session = { .data = (const guint8 *) g_mapped_file_get_contents (file), .size = g_mapped_file_get_length (file) };
  if (session.size >= 8 && png_sig_cmp ((png_const_bytep) session.data, 0, 8) == 0 && decode_header (&session))
    {
      *width = png_get_image_width (session.png, session.info);
      *height = png_get_image_height (session.png, session.info);
      if (texts != NULL)
        *texts = take_texts (&session);
      ok = TRUE;
    }
  else
    g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_AN_IMAGE, "%s is not a PNG picture, or a damaged one.", path);
  session_clear (&session, TRUE);
  return ok;
}
