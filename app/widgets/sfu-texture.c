#include "sfu-texture.h"

GdkTexture *
sfu_texture_new (SfuImage *image)
{
  guint width = sfu_image_width (image), height = sfu_image_height (image);
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (sfu_image_pixels (image), (gsize) width * height * 3,
                                                         (GDestroyNotify) sfu_image_unref, sfu_image_ref (image));
  return gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) width * 3);
}
