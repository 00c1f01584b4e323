/* sfu-npy.h: arrays as NumPy files (format version 1.0, numpy/lib/format.py), written whole or not at all. */
#pragma once

#include <glib.h>

/* @shape: @n_dims sizes, outermost first; the array is contiguous. */
gboolean sfu_npy_write_floats (const char *path, const float *values, const gsize *shape, guint n_dims, GError **error);
gboolean sfu_npy_write_ints (const char *path, const gint32 *values, const gsize *shape, guint n_dims, GError **error);
