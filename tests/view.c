/* Where the canvas puts a picture: fitting, zooming at a point, panning, on the grid of the device. */
#include <math.h>

#include "sfu-view.h"

static SfuView
view_of (double width, double height, guint picture_width, guint picture_height)
{
  return (SfuView) { .width = width, .height = height, .scale = 1, .picture_width = picture_width, .picture_height = picture_height,
                     .fitting = TRUE, .zoom = 1 };
}

static void
test_fitting (void)
{
  SfuView wide = view_of (840, 540, 512, 256), small = view_of (840, 540, 256, 256), nearly = view_of (552, 552, 500, 500);
  graphene_rect_t r = sfu_view_rect (&wide);
  g_assert_cmpfloat_with_epsilon (sfu_view_zoom (&wide), 800 / 512.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (r.origin.x, SFU_VIEW_MARGIN, 1e-3);
  g_assert_cmpfloat_with_epsilon (r.size.width, 800, 1e-3);
  g_assert_cmpfloat_with_epsilon (r.origin.y + r.size.height / 2, 270, 1);
  g_assert_cmpfloat_with_epsilon (sfu_view_zoom (&small), 500 / 256.0, 1e-9);
  g_assert_cmpfloat (sfu_view_zoom (&nearly), ==, 1); /* and not 1.024 */
  g_assert_true (sfu_view_shows_all (&wide) && sfu_view_shows_all (&small) && sfu_view_shows_all (&nearly));

  /* On a dense screen the same picture takes as much room, at another zoom. */
  wide.scale = 2;
  g_assert_cmpfloat_with_epsilon (sfu_view_zoom (&wide), 1600 / 512.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (sfu_view_rect (&wide).size.width, 800, 1e-3);
}

static void
test_hardly_there (void)
{
  SfuView none = view_of (0, 0, 512, 512), no_picture = view_of (300, 300, 0, 0);
  g_assert_cmpfloat (sfu_view_zoom (&none), >, 0);
  g_assert_true (isfinite (sfu_view_zoom (&no_picture)));
  sfu_view_zoom_at (&none, 1e9, 0, 0);
  g_assert_cmpfloat (sfu_view_zoom (&none), ==, 32);
  sfu_view_zoom_at (&none, 0, 0, 0);
  g_assert_cmpfloat (sfu_view_zoom (&none), ==, 0.05);
}

/* Whatever is under the pointer stays there, as long as the picture covers the view before and after. */
static void
test_zoom_at_pointer (void)
{
  const double scales[] = { 1, 1.25, 2 };
  for (guint i = 0; i < 300; i++)
    {
      SfuView v = view_of (700, 500, 1024, 1024);
      double x = g_test_rand_double_range (0, 700), y = g_test_rand_double_range (0, 500);
      v.scale = scales[i % G_N_ELEMENTS (scales)];
      sfu_view_zoom_at (&v, v.scale * g_test_rand_double_range (2, 4), 350, 250);
      sfu_view_look_at (&v, g_test_rand_double_range (400, 600), g_test_rand_double_range (400, 600));
      graphene_rect_t before = sfu_view_rect (&v);
      double px = (x - before.origin.x) / before.size.width * 1024, py = (y - before.origin.y) / before.size.height * 1024;
      sfu_view_zoom_at (&v, sfu_view_zoom (&v) * g_test_rand_double_range (1, 5), x, y);
      graphene_rect_t after = sfu_view_rect (&v);
      g_assert_cmpfloat_with_epsilon (after.origin.x + px / 1024 * after.size.width, x, 1.5);
      g_assert_cmpfloat_with_epsilon (after.origin.y + py / 1024 * after.size.height, y, 1.5);
      g_assert_cmpfloat_with_epsilon (after.origin.x * v.scale, round (after.origin.x * v.scale), 1e-2);
      g_assert_false (sfu_view_shows_all (&v));
    }
}

/* A picture that is larger than the view cannot be pushed out of it, and a smaller one stays in the middle. */
static void
test_panning (void)
{
  SfuView v = view_of (700, 500, 1024, 1024);
  sfu_view_zoom_at (&v, 2, 0, 0);
  sfu_view_look_at (&v, -1e6, 1e6);
  graphene_rect_t r = sfu_view_rect (&v);
  g_assert_cmpfloat (r.origin.x, ==, SFU_VIEW_MARGIN);
  g_assert_cmpfloat (r.origin.y + r.size.height, ==, 500 - SFU_VIEW_MARGIN);
  sfu_view_zoom_at (&v, 0.25, 0, 0);
  r = sfu_view_rect (&v);
  g_assert_cmpfloat_with_epsilon (r.origin.x + r.size.width / 2, 350, 0.51);
  g_assert_cmpfloat_with_epsilon (r.origin.y + r.size.height / 2, 250, 0.51);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/view/fitting", test_fitting);
  g_test_add_func ("/view/hardly-there", test_hardly_there);
  g_test_add_func ("/view/zoom-at-pointer", test_zoom_at_pointer);
  g_test_add_func ("/view/panning", test_panning);
  return g_test_run ();
}
