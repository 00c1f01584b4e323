/* harness.h: a device for tests, and one op after another run on it and compared with loops in doubles.
 * Values are random and small. Everything a test makes is freed by harness_end(). */
#pragma once

#include <gpu-ops.h>

typedef struct {
  GpuDevice *device;
  GpuDtype dtype;      /* of activations */
  GpuKernels kernels;
  GpuOps *ops;         /* the list being built */
  GPtrArray *storages; /* GpuStorage */
  GPtrArray *banks;    /* GpuBank */
  GPtrArray *tables;   /* GpuWeights */
  GPtrArray *arrays;   /* plain memory */
  GRand *rand;
  GPtrArray *ran;      /* names of the pipelines that harness_run() dispatched */
} Harness;

/* A tensor and its values without padding, rounded to the tensor's type. */
typedef struct {
  GpuTensor tensor;
  float *values;
} Input;

typedef struct {
  GpuMatrix matrix;
  GpuWeights *weights; /* the table that it is "m" of, and the bank */
  GpuBank *bank;
  float *values; /* (n, k, taps) as PyTorch orders them */
  float *bias;   /* NULL: none */
} Matrix;

/* The test device: made once. The best there is and validated, unless SFU_TEST_DEVICE names another and SFU_TEST_VALIDATE
 * is 0, as for a graphics card on a machine that has no validation layer. */
GpuDevice *harness_device (void);
void harness_free_device (void);

void harness_begin (Harness *self, GpuDtype dtype, GpuKernels kernels);
void harness_end (Harness *self);

Input harness_input (Harness *self, guint n, guint h, guint w, guint c);
Input harness_vector (Harness *self, guint n);
Matrix harness_matrix (Harness *self, guint n, guint k, guint taps, GpuDtype dtype, gboolean bias);
/* Another bank, that stores the weights of @matrix as @storage; and one of "m" and "second". */
GpuBank *harness_bank (Harness *self, const Matrix *matrix, GpuDtype storage);
GpuBank *harness_joined_bank (Harness *self, const Matrix *matrix, const Matrix *second);
/* A storage that outlives the program. */
GpuStorage *harness_storage (Harness *self, guint64 bytes, GpuMemory memory);

/* Runs the list; @result (an output of it) as floats. Owned by the harness. */
float *harness_run (Harness *self, GpuTensor result);

/* Fails unless the normalised mean square error of @got is below the bound for the harness's type. */
void harness_compare (Harness *self, const char *what, const float *got, const double *want, gsize n);
