#include "sfu-dump.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "sfu-npy.h"
#include "sfu-png.h"

struct _SfuDump {
  char *folder, *own;
};

gboolean
sfu_dump_open (const char *folder, guint picture, guint n_pictures, SfuDump **dump, GError **error)
{
  g_autoptr (SfuDump) self = NULL;
  *dump = NULL;
  if (folder == NULL)
    return TRUE;
  self = g_new0 (SfuDump, 1);
  self->folder = g_strdup (folder);
  self->own = n_pictures > 1 ? g_strdup_printf ("%s/%u", folder, picture + 1) : g_strdup (folder);
  if (g_mkdir_with_parents (self->own, 0777) != 0)
    {
      g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_WRITE, "The folder %s cannot be made: %s.", self->own, g_strerror (errno));
      return FALSE;
    }
  *dump = g_steal_pointer (&self);
  return TRUE;
}

void
sfu_dump_free (SfuDump *self)
{
  if (self == NULL)
    return;
  g_free (self->folder);
  g_free (self->own);
  g_free (self);
}

gboolean
sfu_dump_tokens (SfuDump *self, const char *name, const gint32 *ids, guint n, GError **error)
{
  g_autofree char *path = self != NULL ? g_strdup_printf ("%s/%s.npy", self->folder, name) : NULL;
  const gsize shape[] = { n };
  return self == NULL || sfu_npy_write_ints (path, ids, shape, 1, error);
}

gboolean
sfu_dump_states (SfuDump *self, const char *name, const float *states, guint n, guint width, GError **error)
{
  g_autofree char *path = self != NULL ? g_strdup_printf ("%s/%s.npy", self->folder, name) : NULL;
  const gsize shape[] = { n, width };
  return self == NULL || sfu_npy_write_floats (path, states, shape, 2, error);
}

gboolean
sfu_dump_timesteps (SfuDump *self, const float *timesteps, guint n, GError **error)
{
  g_autofree char *path = self != NULL ? g_strdup_printf ("%s/timesteps.npy", self->folder) : NULL;
  const gsize shape[] = { n };
  return self == NULL || sfu_npy_write_floats (path, timesteps, shape, 1, error);
}

gboolean
sfu_dump_planes (SfuDump *self, const char *name, int step, const float *values, const guint chw[3], GError **error)
{
  g_autofree char *number = step >= 0 ? g_strdup_printf ("-%03d", step) : g_strdup ("");
  g_autofree char *path = self != NULL ? g_strdup_printf ("%s/%s%s.npy", self->own, name, number) : NULL;
  const gsize shape[] = { chw[0], chw[1], chw[2] };
  return self == NULL || sfu_npy_write_floats (path, values, shape, 3, error);
}
