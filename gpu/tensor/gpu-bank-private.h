/* gpu-bank-private.h: what gpu-bank.c (names, and tensors by name) and gpu-bank-matrix.c (matrices of several tensors) share. */
#pragma once

#include "gpu-bank.h"
#include "gpu-uploader.h"

G_BEGIN_DECLS

struct _GpuBank {
  GpuDevice *device;
  GpuWeights *weights;
  GpuDtype storage;
  GString *scope;
  GArray *scope_lengths; /* guint: where each entered scope begins */
  GHashTable *tensors;   /* name -> GpuTensor*, its storage owned */
  GpuUploader *uploader;
  guint64 bytes;
  GError *error;
};

/* (transfer full): "scope.name" with @suffix. */
char *gpu_bank_full_name (GpuBank *self, const char *name, const char *suffix);
/* The weight @full with as many elements as @layout says, or NULL and an error. */
const GpuWeight *gpu_bank_take (GpuBank *self, const char *full, const GpuLayout *layout);
/* What a weight is stored as. @weight: (nullable): a random one */
GpuDtype gpu_bank_storage_of (GpuBank *self, const GpuWeight *weight, const GpuLayout *layout);
/* Makes and remembers an uninitialised tensor of (rows, taps, k) under @name. */
GpuTensor gpu_bank_remember (GpuBank *self, const char *name, GpuDtype dtype, guint rows, guint taps, guint k);
/* The tensor @full, uploaded if it is not there yet; @dtype NULL: whatever storage suits the file. The same tensor
 * may be there in several forms. */
GpuTensor gpu_bank_load (GpuBank *self, const char *full, const GpuDtype *dtype, const GpuLayout *layout);
/* Errors stick to the bank. */
void gpu_bank_upload (GpuBank *self, const GpuWeight *weight, const GpuTensor *to, const GpuLayout *layout);
void gpu_bank_fill_random (GpuBank *self, const GpuTensor *to, const GpuLayout *layout);

G_END_DECLS
