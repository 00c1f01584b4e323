#include "gpu-ops-private.h"

/* One group norm of the net, in the order in which the net comes to them. */
typedef struct {
  GpuTensor gamma;
  guint groups;
  float eps;
  GpuStorage *factors; /* that its input is normalised with */
  GpuStorage *moments; /* f32 (channels, 2): mean and variance of the strips so far */
  guint pixels;        /* of those */
} Layer;

struct _GpuNormPool {
  GArray *layers; /* Layer */
  GpuNormPass pass;
  guint next;     /* the layer that comes next */
  guint first, count; /* the rows of a layer's input that are this strip's own */
};

GpuNormPool *
gpu_norm_pool_new (void)
{
  GpuNormPool *self = g_new0 (GpuNormPool, 1);
  self->layers = g_array_new (FALSE, TRUE, sizeof (Layer));
  return self;
}

void
gpu_norm_pool_free (GpuNormPool *self)
{
  g_array_unref (self->layers);
  g_free (self);
}

void
gpu_norm_pool_begin_pass (GpuNormPool *self, GpuNormPass pass)
{
  self->pass = pass;
  self->next = 0;
  for (guint i = 0; i < self->layers->len; i++)
    g_array_index (self->layers, Layer, i).pixels = 0;
}

void
gpu_norm_pool_begin_strip (GpuNormPool *self)
{
  self->next = 0;
}

void
gpu_norm_pool_set_own_rows (GpuNormPool *self, guint first, guint count)
{
  self->first = first;
  self->count = count;
}

/* Adds a strip's moments to those of the strips before. */
static void
gather (GpuOps *ops, Layer *layer, GpuTensor x)
{
  guint pixels = x.h * x.w;
  GpuNormParts parts = gpu_norm_measure (ops, x);
  if (layer->pixels == 0)
    layer->moments = gpu_ops_scratch (ops, x.c * 2 * sizeof (float));
  NormPoolParams push = {
    .pixels = pixels, .before = layer->pixels, .channels = x.c, .chunks = gpu_ceil_div (pixels, NORM_CHUNK),
  };
  GpuDispatch *d = gpu_ops_dispatch (ops, "group-norm", "group-norm-pool", FALSE, gpu_ops_subgroup (ops), NULL, sizeof push);
  gpu_dispatch_push (d, &push, x.c, 1, 1);
  GPU_USES (ops, d, NormPoolParams, parts, parts.parts, FALSE);
  GPU_USES (ops, d, NormPoolParams, moments, layer->moments, TRUE);
  layer->pixels += pixels;
}

GpuTensor
gpu_norm_pool_apply (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, guint groups, float eps, GpuActivation act)
{
  GpuNormPool *self = ops->norm_pool;
  if (self->pass == GPU_NORM_PASS_SEED)
    {
      Layer fresh = { .gamma = gamma, .groups = groups, .eps = eps };
      fresh.factors = gpu_norm_join (ops, gpu_norm_parts (ops, x), x.n, x.h * x.w, gamma, groups, eps);
      g_array_append_val (self->layers, fresh);
    }
  g_return_val_if_fail (self->next < self->layers->len, x);
  Layer *layer = &g_array_index (self->layers, Layer, self->next++);
  if (self->pass == GPU_NORM_PASS_GATHER)
    gather (ops, layer, gpu_tensor_strip (x, self->first, self->count));
  return gpu_norm_apply (ops, x, layer->factors, beta, act);
}

void
gpu_norm_pool_end_pass (GpuNormPool *self, GpuOps *ops)
{
  for (guint i = 0; i < self->layers->len && self->pass == GPU_NORM_PASS_GATHER; i++)
    {
      Layer *layer = &g_array_index (self->layers, Layer, i);
      /* Mean and variance are what one pixel's mean and squared distances would be. */
      if (layer->pixels > 0)
        layer->factors = gpu_norm_join (ops, (GpuNormParts) { .parts = layer->moments, .stride = layer->gamma.c }, 1, 1, layer->gamma, layer->groups, layer->eps);
    }
}
