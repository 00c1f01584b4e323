/* strips.c: pictures that are decoded and encoded in strips, against the same made at once. ARGUMENT: the bundled model's folder. */
#include <gpu-error.h>
#include <math.h>

#include "sfu-checkpoint.h"
#include "sfu-png.h"

static char *model_folder;

typedef struct {
  GpuDtype dtype;
  guint width, height;
  GpuStrips strips;
} Case;

static const Case cases[] = {
  { GPU_DTYPE_F32, 200, 264, { 1, 0, 2 } }, { GPU_DTYPE_F32, 264, 200, { 1, 1, 3 } }, { GPU_DTYPE_F32, 200, 264, { 2, 1, 4 } },
  { GPU_DTYPE_F32, 136, 104, { 3, 3, 3 } }, { GPU_DTYPE_F16, 264, 360, { 2, 2, 5 } }, { GPU_DTYPE_F16, 360, 264, { 3, 0, 4 } },
};
static const GpuStrips whole = { .count = 1 };

/* The nets of one precision, and what is run on them. */
typedef struct {
  SfuCheckpoint *checkpoint;
  const SfuNets *nets;
  GpuDtype dtype;
  guint width, height;
} House;

static void
house_begin (House *self, const Case *c)
{
  static GpuDevice *device;
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuRequest) request = sfu_request_new ();
  if (device == NULL)
    device = gpu_device_new (&(GpuDeviceOptions) { .validate = TRUE }, &error);
  g_assert_no_error (error);
  g_set_str (&request->model, model_folder);
  request->precision = c->dtype == GPU_DTYPE_F16 ? SFU_PRECISION_FP16 : SFU_PRECISION_FP32;
  self->checkpoint = sfu_checkpoint_new (device, GPU_KERNELS_BEST, NULL, request, NULL, &error);
  g_assert_no_error (error);
  self->nets = sfu_checkpoint_nets (self->checkpoint);
  self->dtype = c->dtype;
  self->width = c->width;
  self->height = c->height;
}

static GpuStorage *
storage_with (House *self, const float *values, gsize n, GpuMemory memory)
{
  g_autoptr (GError) error = NULL;
  GpuStorage *storage = gpu_storage_new (self->nets->device, n * sizeof (float), memory, "test", &error);
  g_assert_no_error (error);
  if (values != NULL)
    gpu_transfer_write (self->nets->device, storage, 0, values, n * sizeof (float), &error);
  g_assert_no_error (error);
  return storage;
}

/* Takes @ops. */
static void
run (House *self, GpuOps *ops, GpuBank *bank)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuProgram) program = NULL;
  gpu_bank_finish (bank, &error);
  g_assert_no_error (error);
  program = gpu_program_new ("test", ops, self->nets->arena, &error);
  g_assert_no_error (error);
  gpu_program_run_wait (program, NULL, &error);
  g_assert_no_error (error);
}

/* (h / 8, w / 8, 2 latent channels) of a picture (h, w, 3). */
static float *
encode (House *self, const GpuStrips *strips, const float *pixels)
{
  g_autoptr (GError) error = NULL;
  const GpuVaeConfig *vae = self->nets->vae;
  gsize n = (gsize) self->width * self->height * 3;
  g_autoptr (GpuStorage) image = storage_with (self, pixels, n, GPU_MEMORY_UPLOAD), kept = storage_with (self, NULL, n, GPU_MEMORY_DEVICE);
  GpuOps *ops = gpu_ops_new (self->nets->device, self->dtype, GPU_KERNELS_BEST, &error);
  GpuTensor out = gpu_tensor_over (kept, self->dtype, 1, self->height / 8, self->width / 8, 2 * vae->latent_channels);
  gpu_add (ops, gpu_vae_encode (ops, self->nets->vae_bank, vae, strips, gpu_image_input (ops, image, self->height, self->width)),
           (GpuTensor) { 0 }, GPU_ACT_NONE, out);
  run (self, ops, self->nets->vae_bank);
  return gpu_transfer_read_floats (self->nets->device, &out, &error);
}

/* The picture of the means in @moments, by the decoder or by the preview's. */
static float *
decode (House *self, const GpuStrips *strips, const float *moments, gboolean preview)
{
  g_autoptr (GError) error = NULL;
  const SfuNets *nets = self->nets;
  guint channels = nets->vae->latent_channels, pixels = self->width / 8 * (self->height / 8);
  gsize n = (gsize) self->width * self->height * 3;
  g_autofree float *planes = g_new (float, channels * pixels);
  float *picture = g_new (float, n);
  GpuStepState state = { 0 };
  for (guint i = 0; i < channels * pixels; i++)
    planes[i] = moments[(gsize) i % pixels * 2 * channels + i / pixels];
  g_autoptr (GpuStorage) latent = storage_with (self, planes, channels * pixels, GPU_MEMORY_UPLOAD);
  g_autoptr (GpuStorage) out = storage_with (self, NULL, n, GPU_MEMORY_DOWNLOAD);
  g_autoptr (GpuStorage) flags = storage_with (self, (float *) &state, sizeof state / sizeof (float), GPU_MEMORY_DOWNLOAD);
  GpuOps *ops = gpu_ops_new (nets->device, self->dtype, GPU_KERNELS_BEST, &error);
  GpuTensor x = gpu_latent_input (ops, latent, channels, self->height / 8, self->width / 8, preview ? nets->vae->scaling_factor : 1, preview);
  if (preview)
    gpu_taesd_decode (ops, nets->taesd_bank, nets->taesd, strips, x, &(GpuImageSink) { out, flags, 1, 0 });
  else
    gpu_vae_decode (ops, nets->vae_bank, nets->vae, strips, x, &(GpuImageSink) { out, flags, 0.5f, 0.5f });
  run (self, ops, preview ? nets->taesd_bank : nets->vae_bank);
  gpu_transfer_read (nets->device, out, 0, picture, n * sizeof (float), &error);
  gpu_transfer_read (nets->device, flags, 0, &state, sizeof state, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (state.flags, ==, 0);
  return picture;
}

static float *
read_picture (const char *path, guint width, guint height)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuImage) image = sfu_png_read (path, NULL, &error), fitted = NULL;
  float *floats = g_new (float, (gsize) width * height * 3);
  g_assert_no_error (error);
  fitted = sfu_image_resize (image, width, height);
  for (gsize i = 0; i < (gsize) width * height * 3; i++)
    floats[i] = sfu_image_pixels (fitted)[i] / 255.0f;
  return floats;
}

static double
psnr (const float *a, const float *b, gsize n)
{
  double error = 0;
  for (gsize i = 0; i < n; i++)
    error += (double) (a[i] - b[i]) * (a[i] - b[i]) / n;
  return -10 * log10 (MAX (error, 1e-30));
}

static void
check (const char *what, double db, double least)
{
  g_test_message ("%s: %.1f dB", what, db);
  g_assert_cmpfloat (db, >=, least);
}

/* Where a strip lacked a row of its neighbours, or norms went by a strip's own statistics, the difference would be far larger than what
 * another order of sums makes: fp32 has 24 bits, fp16 11. */
static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autofree char *path = g_build_filename (model_folder, "recipe", "sheet.png", NULL);
  g_autofree float *picture = read_picture (path, c->width, c->height);
  gsize n = (gsize) c->width * c->height * 3;
  double least = c->dtype == GPU_DTYPE_F32 ? 125 : 70;
  House house = { 0 };
  house_begin (&house, c);
  g_autofree float *latent = encode (&house, &whole, picture), *other = encode (&house, &c->strips, picture);
  g_autofree float *at_once = decode (&house, &whole, latent, FALSE);
  g_autofree float *strips = decode (&house, &c->strips, latent, FALSE);
  g_autofree float *encoded = decode (&house, &whole, other, FALSE);
  check ("decoded in strips", psnr (at_once, strips, n), least);
  check ("encoded in strips", psnr (at_once, encoded, n), least);

  g_autofree float *preview = decode (&house, &whole, latent, TRUE), *cut = decode (&house, &c->strips, latent, TRUE);
  check ("preview in strips", psnr (preview, cut, n), least);
  sfu_checkpoint_free (house.checkpoint);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  model_folder = argv[1];
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      g_autofree char *name = g_strdup_printf ("/strips/%s-%ux%u-%u-levels-%u-fine-%u-strips", c->dtype == GPU_DTYPE_F16 ? "fp16" : "fp32", c->width,
                                               c->height, c->strips.levels, c->strips.fine, c->strips.count);
      g_test_add_data_func (name, c, test_case);
    }
  return g_test_run ();
}
