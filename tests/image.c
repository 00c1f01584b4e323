/* image.c: pictures and arrays on disk. */
#include <glib/gstdio.h>
#include <string.h>

#include "sfu-npy.h"
#include "sfu-png.h"

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static SfuImage *
noise_image (guint width, guint height)
{
  SfuImage *image = sfu_image_new (width, height);
  for (gsize i = 0; i < (gsize) width * height * 3; i++)
    sfu_image_pixels (image)[i] = g_random_int ();
  return image;
}

static void
test_round_trip (void)
{
  g_autoptr (SfuImage) image = noise_image (37, 11);
  g_autoptr (GHashTable) texts = g_hash_table_new (g_str_hash, g_str_equal), found = NULL;
  g_autofree char *path = in_folder ("a.png");
  g_autoptr (GError) error = NULL;
  g_hash_table_insert (texts, (char *) "parameters", (char *) "plain \303\251 text\nof two lines");
  g_hash_table_insert (texts, (char *) "sfumato", (char *) "{\"prompt\": \"\346\265\267\"}");
  sfu_png_write (image, path, texts, &error);
  g_assert_no_error (error);
  g_autoptr (SfuImage) back = sfu_png_read (path, &found, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sfu_image_width (back), ==, 37);
  g_assert_cmpmem (sfu_image_pixels (back), 37 * 11 * 3, sfu_image_pixels (image), 37 * 11 * 3);
  g_assert_cmpstr (g_hash_table_lookup (found, "parameters"), ==, g_hash_table_lookup (texts, "parameters"));
  g_assert_cmpstr (g_hash_table_lookup (found, "sfumato"), ==, g_hash_table_lookup (texts, "sfumato"));
  g_unlink (path);
}

/* Any change of a byte gives a picture or an error, never a crash. */
static void
test_damaged (void)
{
  g_autoptr (SfuImage) image = noise_image (9, 7);
  g_autofree char *path = in_folder ("b.png"), *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  sfu_png_write (image, path, NULL, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &data, &size, NULL);
  for (gsize i = 0; i < size * 3; i++)
    {
      g_autofree char *copy = g_memdup2 (data, size);
      g_autoptr (GHashTable) texts = NULL;
      g_autoptr (GError) local = NULL;
      gsize at = i % size;
      copy[at] ^= i < size ? 0xff : 1 << (i % 8);
      g_file_set_contents (path, copy, i < 2 * size ? size : at, NULL);
      g_autoptr (SfuImage) back = sfu_png_read (path, &texts, &local);
      g_assert_true ((back == NULL) == (local != NULL));
    }
  g_unlink (path);
}

/* Against Pillow's Image.resize (..., LANCZOS): what Pillow 13 gives for these eight pixels. */
static void
test_resize (void)
{
  g_autoptr (SfuImage) image = sfu_image_new (8, 1);
  static const guint8 ramp[] = { 0, 30, 255, 90, 10, 200, 60, 128 };
  static const guint8 half[] = { 47, 144, 87, 118 };
  static const guint8 twice[] = { 5, 0, 0, 93, 226, 249, 152, 37, 0, 56, 173, 189, 94, 58, 106, 142 };
  for (guint i = 0; i < 24; i++)
    sfu_image_pixels (image)[i] = ramp[i / 3];
  g_autoptr (SfuImage) small = sfu_image_resize (image, 4, 1), large = sfu_image_resize (image, 16, 1), same = sfu_image_resize (image, 8, 1);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (ABS (sfu_image_pixels (small)[3 * i] - half[i]), <=, 1);
  for (guint i = 0; i < 16; i++)
    g_assert_cmpint (ABS (sfu_image_pixels (large)[3 * i] - twice[i]), <=, 1);
  g_assert_cmpmem (sfu_image_pixels (same), 24, sfu_image_pixels (image), 24);
}

static void
test_floats (void)
{
  const float values[] = { -1, 0, 0.5f, 1, 2, 0.25f };
  const guint8 want[] = { 0, 0, 128, 255, 255, 64 };
  g_autoptr (SfuImage) image = sfu_image_new_from_floats (values, 2, 1);
  g_assert_cmpmem (sfu_image_pixels (image), 6, want, 6);
}

static void
test_errors (void)
{
  g_autoptr (SfuImage) image = noise_image (4, 4);
  g_autofree char *missing = g_build_filename (folder, "no", "such.png", NULL), *text = in_folder ("text.png");
  g_autoptr (GError) error = NULL;
  g_assert_false (sfu_png_write (image, missing, NULL, &error));
  g_assert_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_WRITE);
  g_clear_error (&error);
  g_assert_false (sfu_png_write (image, folder, NULL, &error));
  g_assert_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_WRITE);
  g_clear_error (&error);
  g_assert_null (sfu_png_read (missing, NULL, &error));
  g_assert_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_file_set_contents (text, "no picture", -1, NULL);
  g_assert_null (sfu_png_read (text, NULL, &error));
  g_assert_error (error, SFU_IMAGE_ERROR, SFU_IMAGE_ERROR_NOT_AN_IMAGE);
  g_unlink (text);
}

static void
test_npy (void)
{
  const float values[] = { 1, 2, 3, 4, 5, 6 };
  const gsize shape[] = { 2, 3 };
  g_autofree char *path = in_folder ("a.npy"), *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  sfu_npy_write_floats (path, values, shape, 2, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &data, &size, NULL);
  guint header = (guint8) data[8] | (guint8) data[9] << 8;
  g_assert_cmpmem (data, 6, "\223NUMPY", 6);
  g_assert_cmpuint ((10 + header) % 64, ==, 0);
  g_assert_cmpmem (data + 10 + header, size - 10 - header, values, sizeof values);
  g_assert_nonnull (g_strstr_len (data + 10, header, "'shape': (2, 3), }"));
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("sfumato-image-XXXXXX", NULL);
  g_test_add_func ("/image/round-trip", test_round_trip);
  g_test_add_func ("/image/damaged", test_damaged);
  g_test_add_func ("/image/resize", test_resize);
  g_test_add_func ("/image/floats", test_floats);
  g_test_add_func ("/image/errors", test_errors);
  g_test_add_func ("/image/npy", test_npy);
  int status = g_test_run ();
  g_rmdir (folder);
  g_free (folder);
  return status;
}
