#include "sfu-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "sfu-png.h"

static gboolean
write_all (int fd, const guint8 *data, gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, data, size);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      data += n;
      size -= n;
    }
  return fsync (fd) == 0;
}

static gboolean
set_write_error (const char *path, int why, GError **error)
{
  const char *advice = why == ENOSPC || why == EDQUOT || why == EFBIG ? "Free some space, or choose another folder."
                                                                      : "Choose a folder that exists and that you may write to.";
  g_set_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_WRITE, "%s cannot be written: %s. %s", path, g_strerror (why), advice);
  return FALSE;
}

gboolean
sfu_file_write (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.XXXXXX", path);
  int fd, why = 0;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return set_write_error (path, EISDIR, error);
  fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0)
    return set_write_error (path, errno, error);
  if (!write_all (fd, data, size))
    why = errno;
  if (close (fd) != 0 && why == 0)
    why = errno;
  if (why == 0 && g_rename (temporary, path) != 0)
    why = errno;
  if (why == 0)
    return TRUE;
  g_unlink (temporary);
  return set_write_error (path, why, error);
}
