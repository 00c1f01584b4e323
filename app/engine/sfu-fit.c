#include "sfu-fit.h"

#include "sfu-budget.h"

#define STEP 64

typedef struct {
  SfuCheckpoint *checkpoint;
  const SfuRequest *request;
  guint width, height; /* that did not fit */
  guint64 limit;
} Search;

/* The text encoder has weights and outputs of its own, and shares the arena. */
static gboolean
make_text_encoder (Search *self, const SfuNets *nets, GError **error)
{
  g_autoptr (GpuStorage) tokens = NULL, states = NULL;
  g_autoptr (GpuProgram) text = sfu_nets_text_program (nets, sfu_checkpoint_dtype (self->checkpoint), nets->clip->max_positions, &tokens,
                                                       &states, error);
  return text != NULL && gpu_arena_reserve (nets->arena, gpu_program_arena_bytes (text), error);
}

/* So does the start picture's encoder. */
static gboolean
make_image_encoder (Search *self, const SfuPrograms *programs, GError **error)
{
  const SfuNets *nets = programs->nets;
  guint64 budget = sfu_budget_coder (nets->device, programs->step_bytes);
  g_autoptr (GpuStorage) pixels = NULL, moments = NULL;
  g_autoptr (GpuProgram) image = NULL;
  if (self->request->image == NULL)
    return TRUE;
  image = sfu_nets_image_program (nets, programs->dtype, programs->width, programs->height, budget, &pixels, &moments, error);
  return image != NULL && gpu_arena_reserve (nets->arena, gpu_program_arena_bytes (image), error);
}

/* Makes everything, in the order in which a job would. */
static gboolean
make_all (Search *self, const SfuNets *nets, guint width, guint height, GError **error)
{
  int branch;
  g_autoptr (SfuPrograms) programs = NULL;
  if (!sfu_choose_branch (nets->unet, self->request, &branch, error) || !make_text_encoder (self, nets, error))
    return FALSE;
  programs = sfu_programs_new (nets, sfu_checkpoint_dtype (self->checkpoint), width, height, self->request->guidance > 1 ? 2 : 1,
                               nets->clip->max_positions, branch, error);
  return programs != NULL && sfu_programs_reserve (programs, error) && make_image_encoder (self, programs, error);
}

static gboolean
fits (Search *self, guint width, guint height)
{
  GpuDevice *device = sfu_checkpoint_nets (self->checkpoint)->device;
  SfuNets nets = { 0 };
  guint64 bytes;
  gboolean made;
  g_autoptr (GError) error = NULL;
  gpu_device_begin_rehearsal (device);
  made = sfu_checkpoint_copy_nets (self->checkpoint, &nets, &error) && make_all (self, &nets, width, height, &error);
  sfu_nets_clear (&nets);
  bytes = gpu_device_end_rehearsal (device);
  if (error != NULL)
    g_debug ("%u x %u could not be planned: %s", width, height, error->message);
  return made && bytes <= self->limit;
}

/* The @n-th size of the shape: its longer side is n times 64. */
static void
nth_size (Search *self, guint n, guint *width, guint *height)
{
  guint longer = MAX (self->width, self->height);
  *width = MAX ((self->width * n + longer / 2) / longer, 1) * STEP;
  *height = MAX ((self->height * n + longer / 2) / longer, 1) * STEP;
}

gboolean
sfu_fit_largest (SfuCheckpoint *checkpoint, const SfuRequest *request, guint *width, guint *height)
{
  guint side = sfu_checkpoint_native_side (checkpoint), low = 0, high;
  GpuDevice *device = sfu_checkpoint_nets (checkpoint)->device;
  Search self = { .checkpoint = checkpoint, .request = request,
                  .width = request->width > 0 ? request->width : side, .height = request->height > 0 ? request->height : side };
  self.limit = gpu_device_bytes (device) + gpu_device_available_bytes (device);
  /* Memory grows with the size: the border is found by halving. @low fits (0: none does), @high does not. */
  high = (MAX (self.width, self.height) + STEP - 1) / STEP;
  while (high > low + 1)
    {
      guint middle = (low + high) / 2;
      nth_size (&self, middle, width, height);
      if (fits (&self, *width, *height))
        low = middle;
      else
        high = middle;
    }
  if (low == 0)
    return FALSE;
  nth_size (&self, low, width, height);
  return TRUE;
}
