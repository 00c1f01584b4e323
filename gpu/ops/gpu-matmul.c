#include "gpu-kernels.h"

/* Geometry of a product whose rows are output pixels: see shaders/matmul.comp. */
typedef struct {
  guint taps, flags; /* MATMUL_... */
  guint out_h, out_w;
} Geometry;

static guint
act_constant (GpuActivation act)
{
  switch (act)
    {
    case GPU_ACT_SILU: return ACT_SILU;
    case GPU_ACT_GELU: return ACT_GELU;
    case GPU_ACT_QUICK_GELU: return ACT_QUICK_GELU;
    case GPU_ACT_RELU: return ACT_RELU;
    case GPU_ACT_NONE: break;
    }
  return ACT_NONE;
}

/* The pixels that a tile's rows are, of so many images. */
typedef struct {
  guint images, h, w;
} Box;

/* One product on its way into the list. */
typedef struct {
  GpuOps *ops;
  GpuTensor x, out;
  const GpuMatrix *weight;
  const Geometry *geometry;
  const GpuEpilogue *epilogue;
  GpuChoice choice;
  Box box;             /* of a 3x3 convolution in the form that has tiles of this kind */
  GpuMoments *moments; /* NULL: none are taken */
  MatmulParams push;
} Product;

static guint
phases (const Product *self)
{
  return self->geometry->taps == 4 ? 4 : 1;
}

static guint
boxes (const Product *self, Box box)
{
  guint h = self->geometry->out_h, w = self->geometry->out_w, images = gpu_tensor_rows (&self->out) / (h * w);
  return gpu_ceil_div (images, box.images) * gpu_ceil_div (h, box.h) * gpu_ceil_div (w, box.w);
}

/* What a tile's rows are: rows of a matrix as they come, or of a picture the box that leaves the fewest of them without
 * a pixel; and of equal ones the most square one, since of that the taps read the fewest pixels twice. */
static Box
choose_box (const Product *self)
{
  guint rows = self->choice.kernel->rows;
  Box best = { 1, 1, rows };
  for (guint w = rows; w >= 1 && self->geometry->taps == 9; w /= 2)
    for (guint h = rows / w; h >= 1; h /= 2)
      {
        Box box = { rows / w / h, h, w };
        guint n = boxes (self, box), n_best = boxes (self, best);
        guint read = box.images * (h + 2) * (w + 2), read_best = best.images * (best.h + 2) * (best.w + 2);
        if (n < n_best || (n == n_best && read < read_best))
          best = box;
      }
  return best;
}

/* Tiles of rows, of each phase. */
static guint
row_tiles (const Product *self)
{
  if (self->choice.kernel->form == GPU_KERNELS_COOPMAT2 && self->geometry->taps == 9)
    return boxes (self, self->box);
  return gpu_ceil_div (self->push.m / phases (self), self->choice.kernel->rows);
}

static GpuSpec
constants (const Product *self)
{
  const GpuKernel *kernel = self->choice.kernel;
  GpuSpec spec = { .n = SPEC_MATMUL_STAGES };
  /* The local size comes before these. */
  spec.value[SPEC_MATMUL_TAPS - 1] = self->geometry->taps;
  spec.value[SPEC_MATMUL_ACT - 1] = act_constant (self->epilogue->act);
  spec.value[SPEC_MATMUL_ROWS - 1] = kernel->rows;
  spec.value[SPEC_MATMUL_COLS - 1] = kernel->columns;
  spec.value[SPEC_MATMUL_GEGLU - 1] = self->weight->is_geglu;
  spec.value[SPEC_MATMUL_SPLIT - 1] = self->choice.split;
  spec.value[SPEC_MATMUL_DEPTH - 1] = kernel->depth;
  spec.value[SPEC_MATMUL_PART_ROWS - 1] = kernel->part_rows;
  spec.value[SPEC_MATMUL_PART_COLS - 1] = kernel->part_columns;
  spec.value[SPEC_MATMUL_STAGES - 1] = kernel->stages;
  if (kernel->form == GPU_KERNELS_COOPMAT2)
    {
      spec.value[SPEC_MATMUL_TILE_H - 1] = self->box.h;
      spec.value[SPEC_MATMUL_TILE_W - 1] = self->box.w;
      spec.n = SPEC_MATMUL_TILE_W;
    }
  gpu_kernel_add_shape (self->ops, kernel, &spec);
  return spec;
}

/* What the epilogue reads and writes, in whichever dispatch it runs. */
static void
use_epilogue (Product *self, GpuDispatch *d)
{
  const GpuEpilogue *e = self->epilogue;
  GPU_READS (self->ops, d, MatmulParams, bias, &self->weight->bias);
  GPU_READS (self->ops, d, MatmulParams, image_bias, &e->image_bias);
  if (self->weight->k2 == 0)
    GPU_READS (self->ops, d, MatmulParams, residual, &e->residual);
  if (self->moments != NULL)
    {
      guint64 offset = gpu_moments_offset (&self->out);
      gpu_dispatch_uses (self->ops, d, G_STRUCT_OFFSET (MatmulParams, parts), self->moments->parts, offset,
                         self->moments->parts->bytes - offset, TRUE);
    }
  if (e->check != NULL)
    GPU_USES (self->ops, d, MatmulParams, state, e->check, TRUE);
  GPU_WRITES (self->ops, d, MatmulParams, out_, &self->out);
}

static void
use_inputs (Product *self, GpuDispatch *d)
{
  GpuOps *ops = self->ops;
  GPU_READS (ops, d, MatmulParams, a, &self->x);
  GPU_READS (ops, d, MatmulParams, w, &self->weight->values);
  if (self->weight->k2 > 0)
    GPU_READS (ops, d, MatmulParams, residual, &self->epilogue->second);
  if (self->geometry->taps > 1)
    gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (MatmulParams, zeros), ops->zeros, 0, self->push.k * gpu_dtype_bytes (ops->dtype), FALSE);
  if (d == NULL)
    return;
  d->k = self->push.k * self->geometry->taps + self->push.k2;
  d->flop = 2.0 * self->push.m * self->push.n * d->k;
}

/* The sums of workgroups that share the channels, joined. */
static void
join_split (Product *self, GpuStorage *partial, const GpuSpec *spec, guint tiles, guint width)
{
  guint local = gpu_ops_subgroup (self->ops), n = self->push.n / (self->weight->is_geglu ? 2 : 1);
  MatmulParams push = self->push;
  push.k = tiles * self->choice.kernel->rows;
  push.a_stride = width;
  push.k2 = 0;
  GpuDispatch *d = gpu_ops_dispatch (self->ops, "join", "matmul-reduce", TRUE, local, spec, sizeof push);
  gpu_dispatch_push_rows (d, &push, gpu_ceil_div (n, local), phases (self) * gpu_ceil_div (push.m / phases (self), NORM_CHUNK));
  GPU_USES (self->ops, d, MatmulParams, a, partial, FALSE);
  use_epilogue (self, d);
}

static void
dispatch (Product *self, const char *op)
{
  GpuOps *ops = self->ops;
  const GpuKernel *kernel = self->choice.kernel;
  guint tiles = row_tiles (self), columns = gpu_kernel_columns (ops, kernel);
  guint across = gpu_ceil_div (self->push.n, columns), split = self->choice.split;
  gboolean typed = kernel->form == GPU_KERNELS_COOPMAT || kernel->form == GPU_KERNELS_COOPMAT2;
  GpuSpec spec = constants (self);
  g_autofree char *shader = typed ? g_strdup (kernel->shader) : g_strdup_printf (
    "%s-%s-%s", kernel->shader, ops->dtype == GPU_DTYPE_F16 ? "f16" : "f32", self->weight->values.dtype == GPU_DTYPE_F16 ? "f16" : "f32");
  GpuDispatch *d = gpu_ops_dispatch (ops, op, shader, typed, gpu_kernel_local_size (ops, kernel), &spec, sizeof self->push);
  gpu_dispatch_push_rows (d, &self->push, across * split, phases (self) * tiles);
  use_inputs (self, d);
  if (split == 1)
    {
      use_epilogue (self, d);
      return;
    }
  guint64 rows = (guint64) phases (self) * tiles * kernel->rows;
  GpuStorage *partial = gpu_ops_scratch (ops, split * rows * across * columns * sizeof (float));
  GPU_USES (ops, d, MatmulParams, out_, partial, TRUE);
  join_split (self, partial, &spec, tiles, across * columns);
}

/* Whether the variant has the rows of a chunk together. */
static gboolean
takes_moments (const GpuChoice *choice)
{
  return choice->kernel->form != GPU_KERNELS_COOPMAT2 && (choice->split > 1 || choice->kernel->rows % NORM_CHUNK == 0);
}

static GpuTensor
matmul (GpuOps *ops, const char *op, GpuTensor x, const GpuMatrix *weight, const Geometry *geometry,
        const GpuEpilogue *epilogue)
{
  static const GpuEpilogue nothing = { 0 };
  const GpuEpilogue *e = epilogue != NULL ? epilogue : &nothing;
  Product self = { .ops = ops, .x = x, .out = e->out, .weight = weight, .geometry = geometry, .epilogue = e };
  if (gpu_ops_lack (ops, &x) || gpu_ops_lack (ops, &weight->values))
    return (GpuTensor) { 0 };
  g_return_val_if_fail (GPU_PADDED (x.c) == GPU_PADDED (weight->k) && weight->taps == geometry->taps, self.out);
  g_return_val_if_fail ((weight->k2 > 0) == (e->second.storage != NULL), self.out);
  g_return_val_if_fail (weight->k2 == 0 || (GPU_PADDED (e->second.c) == GPU_PADDED (weight->k2) && e->residual.storage == NULL), self.out);
  g_return_val_if_fail (geometry->taps == 1 || GPU_PADDED (weight->k) * gpu_dtype_bytes (ops->dtype) <= ops->zeros->bytes, self.out);
  if (self.out.storage == NULL)
    self.out = gpu_ops_tensor (ops, x.n, geometry->out_h, geometry->out_w, weight->is_geglu ? weight->n / 2 : weight->n);

  guint m = gpu_tensor_rows (&self.out), n = GPU_PADDED (weight->n), k = GPU_PADDED (weight->k), k2 = GPU_PADDED (weight->k2);
  guint pixels = geometry->out_h * geometry->out_w / phases (&self);
  GpuOpShape shape = {
    .m = m / phases (&self), .n = n, .k = k * geometry->taps + k2, .weights = weight->values.dtype, .geglu = weight->is_geglu,
    .taps = geometry->taps, .k2 = k2, .resized = geometry->taps == 9 && geometry->flags != MATMUL_PAD,
    .for_norm = e->for_norm && ops->norm_pool == NULL && pixels % NORM_CHUNK == 0,
  };
  self.choice = gpu_kernel_choose (ops, GPU_OP_MATMUL, shape);
  if (self.choice.kernel->form == GPU_KERNELS_COOPMAT2)
    self.box = choose_box (&self);
  if (shape.for_norm && takes_moments (&self.choice))
    self.moments = gpu_ops_add_moments (ops, &self.out);
  self.push = (MatmulParams) {
    .m = m, .n = n, .k = k, .k2 = k2, .a_stride = x.stride, .out_stride = self.out.stride,
    .residual_stride = k2 > 0 ? e->second.stride : e->residual.stride,
    .image_bias_stride = e->image_bias.n > 1 ? e->image_bias.stride : 0, .parts_stride = self.moments != NULL ? self.moments->stride : 0,
    .flags = (e->act_last ? MATMUL_ACT_LAST : 0) | geometry->flags, .in_h = x.h, .in_w = x.w, .out_h = geometry->out_h, .out_w = geometry->out_w,
  };
  dispatch (&self, op);
  return self.out;
}

GpuTensor
gpu_linear (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, const GpuEpilogue *epilogue)
{
  Geometry geometry = { .taps = 1, .out_h = x.h, .out_w = x.w };
  return matmul (ops, "linear", x, weight, &geometry, epilogue);
}

GpuTensor
gpu_conv2d (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, GpuConvKind kind, const GpuEpilogue *epilogue)
{
  Geometry geometry = { .taps = 9, .flags = MATMUL_PAD, .out_h = x.h, .out_w = x.w };
  if (weight->taps == 1)
    return gpu_linear (ops, x, weight, epilogue);
  switch (kind)
    {
    case GPU_CONV_DOWN:
      geometry.flags = MATMUL_PAD | MATMUL_STRIDE_2;
      geometry.out_h = (x.h - 1) / 2 + 1;
      geometry.out_w = (x.w - 1) / 2 + 1;
      break;
    case GPU_CONV_DOWN_LATE:
      geometry.flags = MATMUL_STRIDE_2;
      geometry.out_h = x.h / 2;
      geometry.out_w = x.w / 2;
      break;
    case GPU_CONV_UP:
      return gpu_conv2d_up (ops, x, weight, 2 * x.h, 2 * x.w, epilogue);
    case GPU_CONV_SAME:
      break;
    }
  return matmul (ops, "conv2d", x, weight, &geometry, epilogue);
}

GpuTensor
gpu_conv2d_up (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, guint h, guint w, const GpuEpilogue *epilogue)
{
  Geometry geometry = { .taps = weight->taps, .flags = weight->taps == 4 ? 0 : MATMUL_PAD | MATMUL_UPSAMPLE, .out_h = h, .out_w = w };
  g_return_val_if_fail (weight->taps != 4 || (h == 2 * x.h && w == 2 * x.w), (GpuTensor) { 0 });
  return matmul (ops, "conv2d-up", x, weight, &geometry, epilogue);
}
