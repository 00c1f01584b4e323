/* sfu-image.h: pixels: 8-bit RGB, rows top to bottom without padding.
 * Owner: reference counted and immutable once shared, so any thread may read one. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _SfuImage SfuImage;

/* Takes ownership of nothing; pixels are uninitialised until filled by the maker. */
SfuImage *sfu_image_new (guint width, guint height);
SfuImage *sfu_image_ref (SfuImage *self);
void sfu_image_unref (SfuImage *self);
guint sfu_image_width (SfuImage *self);
guint sfu_image_height (SfuImage *self);
guint8 *sfu_image_pixels (SfuImage *self); /* 3 * width * height bytes */

/* From HWC floats in 0..1, clamped; rounds as diffusers does (round half to even of 255 x). */
SfuImage *sfu_image_new_from_floats (const float *hwc, guint width, guint height);

/* Resized to exactly @width x @height (Lanczos as Pillow does, which diffusers uses), first cropped to
 * nothing: the aspect ratio may change, as in diffusers' img2img. Returns a new reference. */
SfuImage *sfu_image_resize (SfuImage *self, guint width, guint height);

/* Fitted into @side x @side, never enlarged, by averaging. Returns a new reference. */
SfuImage *sfu_image_fit (SfuImage *self, guint side);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuImage, sfu_image_unref)

G_END_DECLS
