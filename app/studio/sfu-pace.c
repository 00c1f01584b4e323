#include "sfu-pace.h"

#include <math.h>

#define KEPT 8

typedef struct {
  char *model;
  double pixels;            /* of the picture */
  gboolean guided;          /* two passes a step */
  guint interval;           /* of DeepCache */
  double step_seconds;      /* per step asked for: some schedulers pass more than once */
  double decode_seconds;
} Measure;

struct _SfuPace {
  GQueue measures; /* newest first */
};

static void
measure_free (gpointer data)
{
  Measure *measure = data;
  g_free (measure->model);
  g_free (measure);
}

SfuPace *
sfu_pace_new (void)
{
  SfuPace *self = g_new0 (SfuPace, 1);
  g_queue_init (&self->measures);
  return self;
}

void
sfu_pace_free (SfuPace *self)
{
  g_queue_clear_full (&self->measures, measure_free);
  g_free (self);
}

static gboolean
is_guided (const SfuRequest *request)
{
  return request->guidance > 1;
}

void
sfu_pace_learn (SfuPace *self, SfuRun *run)
{
  const SfuRequest *request = sfu_run_request (run);
  SfuImage *image = sfu_run_image (run);
  double step = sfu_run_step_seconds (run), decode = sfu_run_decode_seconds (run);
  Measure *measure;
  if (image == NULL || step < 0 || decode < 0 || request->steps == 0)
    return;
  measure = g_new0 (Measure, 1);
  measure->model = g_strdup (request->model);
  measure->pixels = (double) sfu_image_width (image) * sfu_image_height (image);
  measure->guided = is_guided (request);
  measure->interval = request->deepcache.interval;
  measure->step_seconds = step * MAX (sfu_run_n_steps (run), request->steps) / request->steps;
  measure->decode_seconds = decode;
  g_queue_push_head (&self->measures, measure);
  if (self->measures.length > KEPT)
    measure_free (g_queue_pop_tail (&self->measures));
}

/* A factor that is the same whichever of the two is larger, with penalties for other guidance and other reuse. */
static double
distance (const Measure *measure, double pixels, const SfuRequest *request)
{
  return fabs (log (pixels / measure->pixels)) + (measure->guided != is_guided (request) ? 0.5 : 0)
         + (measure->interval != request->deepcache.interval ? 1 : 0);
}

double
sfu_pace_seconds (SfuPace *self, const SfuRequest *request)
{
  const Measure *best = NULL;
  double pixels = (double) request->width * request->height, scale, passes;
  gboolean guided = is_guided (request);
  for (GList *l = self->measures.head; l != NULL; l = l->next)
    {
      const Measure *measure = l->data;
      if (g_str_equal (measure->model, request->model)
          && (best == NULL || (pixels > 0 && distance (measure, pixels, request) < distance (best, pixels, request))))
        best = measure;
    }
  if (best == NULL)
    return -1;
  scale = pixels > 0 ? pixels / best->pixels : 1;
  passes = best->guided == guided ? 1 : guided ? 2 : 0.5;
  return (request->steps * best->step_seconds * passes + best->decode_seconds) * scale;
}
