#include "sfu-image.h"

#include <math.h>

struct _SfuImage {
  gatomicrefcount refs;
  guint width, height;
  guint8 pixels[];
};

SfuImage *
sfu_image_new (guint width, guint height)
{
  SfuImage *self = g_malloc (sizeof (SfuImage) + (gsize) width * height * 3);
  g_atomic_ref_count_init (&self->refs);
  self->width = width;
  self->height = height;
  return self;
}

SfuImage *
sfu_image_ref (SfuImage *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sfu_image_unref (SfuImage *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

guint
sfu_image_width (SfuImage *self)
{
  return self->width;
}

guint
sfu_image_height (SfuImage *self)
{
  return self->height;
}

guint8 *
sfu_image_pixels (SfuImage *self)
{
  return self->pixels;
}

SfuImage *
sfu_image_new_from_floats (const float *hwc, guint width, guint height)
{
  SfuImage *self = sfu_image_new (width, height);
  for (gsize i = 0; i < (gsize) width * height * 3; i++)
    self->pixels[i] = rintf (CLAMP (hwc[i], 0.0f, 1.0f) * 255.0f);
  return self;
}

/* -- resizing: Pillow's algorithm (libImaging/Resample.c): a separable Lanczos filter of radius 3, stretched
 *    when shrinking, with coefficients rounded to 22 bits and a rounded 8-bit image between the passes -- */

#define LANCZOS_RADIUS 3.0
#define COEFFICIENT_BITS 22

static double
lanczos (double x)
{
  if (x == 0)
    return 1;
  if (fabs (x) >= LANCZOS_RADIUS)
    return 0;
  return sin (G_PI * x) / (G_PI * x) * sin (G_PI * x / LANCZOS_RADIUS) / (G_PI * x / LANCZOS_RADIUS);
}

/* For each output position where its window begins, how long it is, and its weights. */
typedef struct {
  guint width; /* weights a position */
  int *first, *n;
  gint32 *weights;
} Windows;

static void
windows_clear (Windows *self)
{
  g_free (self->first);
  g_free (self->n);
  g_free (self->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Windows, windows_clear)

static Windows
make_windows (guint in, guint out)
{
  double scale = (double) in / out, stretch = MAX (scale, 1.0), support = LANCZOS_RADIUS * stretch;
  Windows self = { .width = (guint) ceil (support) * 2 + 1, .first = g_new (int, out), .n = g_new (int, out) };
  g_autofree double *w = g_new (double, self.width);
  self.weights = g_new0 (gint32, (gsize) out * self.width);
  for (guint i = 0; i < out; i++)
    {
      double centre = (i + 0.5) * scale, total = 0;
      self.first[i] = MAX ((int) (centre - support + 0.5), 0);
      self.n[i] = MIN ((int) (centre + support + 0.5), (int) in) - self.first[i];
      for (int j = 0; j < self.n[i]; j++)
        total += w[j] = lanczos ((j + self.first[i] - centre + 0.5) / stretch);
      for (int j = 0; j < self.n[i]; j++)
        self.weights[i * self.width + j] = floor (w[j] / total * (1 << COEFFICIENT_BITS) + 0.5);
    }
  return self;
}

static guint8
weighted (const guint8 *at, gsize step, const gint32 *weights, int n)
{
  gint64 sum = 1 << (COEFFICIENT_BITS - 1);
  for (int i = 0; i < n; i++)
    sum += (gint64) at[i * step] * weights[i];
  return CLAMP (sum >> COEFFICIENT_BITS, 0, 255);
}

static SfuImage *
resize_rows (SfuImage *self, guint width)
{
  g_auto (Windows) windows = make_windows (self->width, width);
  SfuImage *out = sfu_image_new (width, self->height);
  for (guint y = 0; y < self->height; y++)
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < 3; c++)
        out->pixels[((gsize) y * width + x) * 3 + c]
          = weighted (self->pixels + ((gsize) y * self->width + windows.first[x]) * 3 + c, 3,
                      windows.weights + (gsize) x * windows.width, windows.n[x]);
  return out;
}

static SfuImage *
resize_columns (SfuImage *self, guint height)
{
  g_auto (Windows) windows = make_windows (self->height, height);
  gsize row = (gsize) self->width * 3;
  SfuImage *out = sfu_image_new (self->width, height);
  for (guint y = 0; y < height; y++)
    for (gsize i = 0; i < row; i++)
      out->pixels[y * row + i] = weighted (self->pixels + windows.first[y] * row + i, row,
                                           windows.weights + (gsize) y * windows.width, windows.n[y]);
  return out;
}

SfuImage *
sfu_image_resize (SfuImage *self, guint width, guint height)
{
  g_autoptr (SfuImage) wide = self->width != width ? resize_rows (self, width) : sfu_image_ref (self);
  return self->height != height ? resize_columns (wide, height) : g_steal_pointer (&wide);
}

SfuImage *
sfu_image_fit (SfuImage *self, guint side)
{
  guint w = sfu_image_width (self), h = sfu_image_height (self), longer = MAX (w, h);
  guint tw = longer > side ? MAX (1, w * side / longer) : w, th = longer > side ? MAX (1, h * side / longer) : h;
  SfuImage *small = NULL;
  if (longer <= side)
    return sfu_image_ref (self);
  small = sfu_image_new (tw, th);
  for (guint y = 0; y < th; y++)
    for (guint x = 0; x < tw; x++)
      {
        guint x0 = x * w / tw, x1 = MAX (x0 + 1, (x + 1) * w / tw), y0 = y * h / th, y1 = MAX (y0 + 1, (y + 1) * h / th);
        guint sum[3] = { 0 }, n = (x1 - x0) * (y1 - y0);
        for (guint v = y0; v < y1; v++)
          for (guint u = x0; u < x1; u++)
            for (guint c = 0; c < 3; c++)
              sum[c] += sfu_image_pixels (self)[3 * ((gsize) v * w + u) + c];
        for (guint c = 0; c < 3; c++)
          sfu_image_pixels (small)[3 * ((gsize) y * tw + x) + c] = sum[c] / n;
      }
  return small;
}
