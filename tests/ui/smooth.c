/* Does the window stay at hand while 125 previews of 1024 x 1024 come a second? Prints TAP, and figures as comments.
 *
 * What counts is processor time of the main thread for each turn of the main loop, so that other work on the machine
 * changes nothing. Drawing by GSK is the driver's work and counted apart. */
#include <time.h>
#include <unistd.h>

#include "house.h"
#include "sfu-texture.h"

#define STALL_MS 8
#define PREVIEWS 500
#define GROWTH_MIB 32 /* of memory, from a quarter of the run on */

static TestHouse house;
static GArray *turns, *paints; /* double, ms */
static double paint_begun, painted; /* ms, in this turn */
static guint n_textures, n_tests, n_failed;

GdkTexture *__real_sfu_texture_new (SfuImage *image);
GdkTexture *__wrap_sfu_texture_new (SfuImage *image);

/* The linker puts it in the place of the real one. */
GdkTexture *
__wrap_sfu_texture_new (SfuImage *image)
{
  n_textures += sfu_image_width (image) == pretence.side;
  return __real_sfu_texture_new (image);
}

static double
now_ms (void)
{
  struct timespec t;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Updates and layout are the window's; what follows until the end of the frame is the renderer's. */
static void
before_painting_cb (void)
{
  paint_begun = now_ms ();
}

static void
after_painting_cb (void)
{
  double ms = now_ms () - paint_begun;
  painted += ms;
  g_array_append_val (paints, ms);
}

/* One turn of the main loop as g_main_context_iteration() does it, with a clock around the dispatching. */
static void
turn (GMainContext *context, GArray *fds)
{
  int timeout, priority, n;
  double begun, ms;
  g_main_context_prepare (context, &priority);
  while ((n = g_main_context_query (context, priority, &timeout, (GPollFD *) (void *) fds->data, (int) fds->len)) > (int) fds->len)
    g_array_set_size (fds, (guint) n);
  g_poll ((GPollFD *) (void *) fds->data, (guint) n, timeout);
  g_main_context_check (context, priority, (GPollFD *) (void *) fds->data, n);
  painted = 0;
  begun = now_ms ();
  g_main_context_dispatch (context);
  ms = now_ms () - begun - painted;
  g_array_append_val (turns, ms);
}

static double
resident_mib (void)
{
  g_autofree char *text = NULL;
  unsigned long size = 0, resident = 0;
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  sscanf (text, "%lu %lu", &size, &resident);
  return resident * (double) sysconf (_SC_PAGESIZE) / (1 << 20);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static double
quantile (GArray *sorted, double q)
{
  return sorted->len > 0 ? g_array_index (sorted, double, (guint) ((sorted->len - 1) * q)) : 0;
}

static void say (gboolean good, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (gboolean good, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%s %u %s\n", good ? "ok" : "not ok", ++n_tests, text);
  n_failed += !good;
}

static guint
count_tiles (SfuRun *run)
{
  guint n = 0;
  for (guint step = 1; step <= PREVIEWS; step++)
    n += sfu_run_tile (run, step) != NULL;
  return n;
}

int
main (void)
{
  GMainContext *context = g_main_context_default ();
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (GPollFD));
  g_autoptr (SfuRun) run = NULL;
  GdkFrameClock *clock;
  double early = 0, late, seconds;
  guint frames, textures;
  gtk_init ();
  turns = g_array_new (FALSE, FALSE, sizeof (double));
  paints = g_array_new (FALSE, FALSE, sizeof (double));
  test_house_open (&house, 1440, 920, 12);
  pretence = (Pretence) { PREVIEWS, 1024, 8, 0 };
  sfu_settings_panel_set_size (house.window->settings, 1024, 1024);
  clock = gtk_widget_get_frame_clock (GTK_WIDGET (house.window));
  g_signal_connect (clock, "before-paint", G_CALLBACK (before_painting_cb), NULL);
  g_signal_connect_after (clock, "update", G_CALLBACK (before_painting_cb), NULL);
  g_signal_connect_after (clock, "layout", G_CALLBACK (before_painting_cb), NULL);
  g_signal_connect (clock, "after-paint", G_CALLBACK (after_painting_cb), NULL);

  test_house_generate (&house, "a red lighthouse on the ocean with a yellow sun, at sunset");
  run = g_object_ref (sfu_studio_running (house.house.studio));
  frames = house.n_frames;
  textures = n_textures;
  g_assert_true (g_main_context_acquire (context));
  while (!sfu_run_is_over (run))
    {
      turn (context, fds);
      if (early == 0 && sfu_run_step (run) >= PREVIEWS / 4)
        early = resident_mib ();
    }
  g_main_context_release (context);
  late = resident_mib ();
  seconds = sfu_run_seconds (run);
  g_array_sort (turns, compare_doubles);
  g_array_sort (paints, compare_doubles);
  frames = house.n_frames - frames;
  textures = n_textures - textures;

  g_print ("1..4\n# %u previews in %.1f s, %u frames; turns of the main loop: %u, median %.2f ms, 99th of 100 %.2f ms, longest %.2f ms\n",
           PREVIEWS, seconds, frames, turns->len, quantile (turns, 0.5), quantile (turns, 0.99), quantile (turns, 1));
  g_print ("# apart from that, drawing a frame: median %.2f ms, longest %.2f ms\n", quantile (paints, 0.5), quantile (paints, 1));
  say (quantile (turns, 1) < STALL_MS, "the main loop is never held for %d ms", STALL_MS);
  say (textures <= frames + 2, "%u textures for %u frames", textures, frames);
  say (sfu_run_step (run) == PREVIEWS && count_tiles (run) > PREVIEWS / 2, "step %u, %u tiles in the film", sfu_run_step (run), count_tiles (run));
  say (late - early < GROWTH_MIB, "memory from %.0f to %.0f MiB", early, late);
  g_clear_object (&run);
  test_house_close (&house);
  return n_failed > 0;
}
