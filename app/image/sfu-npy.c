#include "sfu-npy.h"

#include "sfu-file.h"

/* The header's length, magic included, is a multiple of this. */
#define HEADER_ALIGNMENT 64

static gboolean
write_array (const char *path, const char *type, gconstpointer values, gsize item, const gsize *shape, guint n_dims,
             GError **error)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GString) header = g_string_new (NULL);
  gsize n = 1;

  g_string_append_printf (header, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
  for (guint i = 0; i < n_dims; i++)
    {
      g_string_append_printf (header, i + 1 < n_dims ? "%" G_GSIZE_FORMAT ", " : "%" G_GSIZE_FORMAT, shape[i]);
      n *= shape[i];
    }
  g_string_append (header, n_dims == 1 ? ",), }" : "), }");
  while ((10 + header->len + 1) % HEADER_ALIGNMENT != 0)
    g_string_append_c (header, ' ');
  g_string_append_c (header, '\n');

  const guint8 start[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, header->len & 0xff, header->len >> 8 };
  g_byte_array_append (file, start, sizeof start);
  g_byte_array_append (file, (const guint8 *) header->str, header->len);
  g_byte_array_append (file, values, n * item);
  return sfu_file_write (path, file->data, file->len, error);
}

gboolean
sfu_npy_write_floats (const char *path, const float *values, const gsize *shape, guint n_dims, GError **error)
{
  return write_array (path, "<f4", values, sizeof *values, shape, n_dims, error);
}

gboolean
sfu_npy_write_ints (const char *path, const gint32 *values, const gsize *shape, guint n_dims, GError **error)
{
  return write_array (path, "<i4", values, sizeof *values, shape, n_dims, error);
}
