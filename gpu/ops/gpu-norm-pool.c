#include "gpu-ops-private.h"

/* One group norm of the part, in the order in which the net comes to them. */
typedef struct {
  GpuTensor gamma;
  guint groups;
  float eps;
  GpuStorage *moments; /* f32 (channels, 2): mean and variance of the strips so far */
  guint pixels;        /* of those */
  GpuStorage *factors; /* NULL: not known yet */
} Norm;

struct _GpuNormPool {
  GArray *norms;      /* Norm; at most the last is not known */
  guint next;         /* the norm that the strip comes to next */
  guint first, count; /* the rows of a norm's input that are this strip's own */
};

void
gpu_norm_pool_free (GpuNormPool *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->norms);
  g_free (self);
}

void
gpu_ops_begin_strips (GpuOps *self)
{
  g_return_if_fail (self->norm_pool == NULL);
  self->norm_pool = g_new0 (GpuNormPool, 1);
  self->norm_pool->norms = g_array_new (FALSE, TRUE, sizeof (Norm));
}

void
gpu_ops_begin_strip (GpuOps *self, guint first, guint count)
{
  GpuNormPool *pool = self->norm_pool;
  self->silent = FALSE;
  pool->next = 0;
  pool->first = first;
  pool->count = count;
}

/* Adds a strip's moments to those of the strips before. */
static void
gather (GpuOps *ops, Norm *norm, GpuTensor x)
{
  guint pixels = x.h * x.w;
  GpuNormParts parts = gpu_norm_measure (ops, x);
  if (norm->moments == NULL)
    norm->moments = gpu_ops_scratch (ops, x.c * 2 * sizeof (float));
  NormPoolParams push = {
    .pixels = pixels, .before = norm->pixels, .channels = x.c, .chunks = gpu_ceil_div (pixels, NORM_CHUNK),
  };
  GpuDispatch *d = gpu_ops_dispatch (ops, "group-norm", "group-norm-pool", FALSE, gpu_ops_subgroup (ops), NULL, sizeof push);
  gpu_dispatch_push (d, &push, x.c, 1, 1);
  GPU_USES (ops, d, NormPoolParams, parts, parts.parts, FALSE);
  GPU_USES (ops, d, NormPoolParams, moments, norm->moments, TRUE);
  norm->pixels += pixels;
}

GpuTensor
gpu_norm_pool_apply (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, guint groups, float eps, GpuActivation act)
{
  GpuNormPool *self = ops->norm_pool;
  if (!ops->silent)
    {
      const Norm fresh = { .gamma = gamma, .groups = groups, .eps = eps };
      if (self->next == self->norms->len)
        g_array_append_val (self->norms, fresh);
      Norm *norm = &g_array_index (self->norms, Norm, self->next++);
      if (norm->factors != NULL)
        return gpu_norm_apply (ops, x, norm->factors, beta, act);
      gather (ops, norm, gpu_tensor_strip (x, self->first, self->count));
      ops->silent = TRUE;
    }
  return gpu_ops_tensor (ops, x.n, x.h, x.w, x.c);
}

gboolean
gpu_ops_end_strips (GpuOps *self)
{
  GpuNormPool *pool = self->norm_pool;
  Norm *last = pool->norms->len > 0 ? &g_array_index (pool->norms, Norm, pool->norms->len - 1) : NULL;
  self->silent = FALSE;
  if (last != NULL && last->factors == NULL && self->error == NULL)
    {
      /* Mean and variance are what one pixel's mean and squared distances would be. */
      last->factors = gpu_norm_join (self, (GpuNormParts) { .parts = last->moments, .stride = last->gamma.c }, 1, 1, last->gamma, last->groups, last->eps);
      return TRUE;
    }
  g_clear_pointer (&self->norm_pool, gpu_norm_pool_free);
  return FALSE;
}
