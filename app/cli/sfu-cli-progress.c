#include "sfu-cli-progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

struct _SfuCliProgress {
  gboolean terminal;
  gboolean open;     /* the cursor stands on a line of ours */
  double mean_ms;    /* of the steps so far, the latest counting most */
};

SfuCliProgress *
sfu_cli_progress_new (void)
{
  SfuCliProgress *self = g_new0 (SfuCliProgress, 1);
  self->terminal = isatty (STDERR_FILENO);
  return self;
}

static void
clear_line (SfuCliProgress *self)
{
  if (self->open)
    g_printerr ("\r\033[K");
  self->open = FALSE;
}

void
sfu_cli_progress_free (SfuCliProgress *self)
{
  if (self == NULL)
    return;
  clear_line (self);
  g_free (self);
}

void
sfu_cli_progress_phase (SfuCliProgress *self, const char *what)
{
  if (!self->terminal)
    return;
  clear_line (self);
  g_printerr ("%s …", what);
  self->open = TRUE;
}

void
sfu_cli_progress_share (SfuCliProgress *self, const char *what, double fraction)
{
  if (!self->terminal)
    return;
  clear_line (self);
  g_printerr ("%s … %.0f %%", what, 100 * fraction);
  self->open = TRUE;
}

static guint
terminal_width (void)
{
  struct winsize size;
  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void
sfu_cli_progress_step (SfuCliProgress *self, guint picture, guint n_pictures, guint step, guint n_steps, double ms)
{
  g_autoptr (GString) bar = g_string_new (NULL);
  guint width = CLAMP ((int) terminal_width () - 46, 10, 60), filled = n_steps > 0 ? width * step / n_steps : 0;
  double left;
  if (!self->terminal)
    return;
  self->mean_ms = self->mean_ms > 0 ? 0.7 * self->mean_ms + 0.3 * ms : ms;
  left = self->mean_ms * (n_steps - step + (double) (n_pictures - 1 - picture) * n_steps) / 1000;
  for (guint i = 0; i < width; i++)
    g_string_append (bar, i < filled ? "█" : "·");
  clear_line (self);
  if (n_pictures > 1)
    g_printerr ("picture %u of %u  ", picture + 1, n_pictures);
  g_printerr ("%s %u/%u  %.2f s a step  %.0f s left", bar->str, step, n_steps, self->mean_ms / 1000, left);
  self->open = TRUE;
}

void
sfu_cli_progress_note (SfuCliProgress *self, const char *sentence)
{
  clear_line (self);
  g_printerr ("%s\n", sentence);
}
