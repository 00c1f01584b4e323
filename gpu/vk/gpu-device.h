/* gpu-device.h: a Vulkan device chosen for compute, with its limits, queues and timeline.
 * Owner: reference counted; every object made from a device holds a reference to it.
 * Threads: a device and all that is made from it belong to one thread at a time (the engine's);
 * gpu_device_list() may be called from any. */
#pragma once

#include "gpu-error.h"

G_BEGIN_DECLS

typedef struct _GpuDevice GpuDevice;

typedef enum {
  GPU_DEVICE_DISCRETE,
  GPU_DEVICE_INTEGRATED,
  GPU_DEVICE_VIRTUAL,
  GPU_DEVICE_SOFTWARE,
} GpuDeviceKind;

/* One shape of cooperative matrix: C (m x n, 32-bit float sums) += A (m x k) B (k x n), both fp16. */
typedef struct {
  guint m, n, k;
  gboolean f16_sums; /* C may be fp16 too */
} GpuCoopmatShape;

/* Cooperative matrices of a whole workgroup (VK_NV_cooperative_matrix2), fp16 x fp16 -> fp32 and fp16: their sides are any
 * multiples of these, in workgroups of exactly so many threads. */
typedef struct {
  guint m, n, k;
  guint threads;
} GpuCoopmatGrain;

/* What gpu_device_list() tells of a device, usable or not. Owned by the list. */
typedef struct {
  guint index;            /* place in the driver's list: what --device N means */
  char *name;             /* "AMD Radeon RX 7900 XTX (RADV NAVI31)" */
  char *driver;           /* driver name and version for people */
  char *uuid;             /* 32 hex digits, stable across boots */
  GpuDeviceKind kind;
  guint api_major, api_minor;
  guint64 memory_bytes;   /* of its largest device-local heap */
  guint subgroup_size;
  gboolean has_coopmat;
  char *refusal;          /* NULL if usable, else why not, as a sentence */
} GpuDeviceInfo;

void gpu_device_info_free (GpuDeviceInfo *info);

typedef struct {
  const char *wanted;       /* NULL: the best one; else an index, a UUID, or part of a name (any case) */
  guint64 budget_bytes;     /* device memory we may take; 0: whatever the driver allows */
  const char *cache_folder; /* where pipelines are kept between runs; NULL: nowhere */
  gboolean validate;        /* validation layer with synchronisation checks; a message is a g_critical() */
  gboolean no_coopmat;      /* behave as if the device had no cooperative matrices */
  gboolean no_timestamps;   /* ... or no timestamps */
  gboolean statistics;      /* keep what the driver's compiler says of each pipeline, for gpu-statistics.h */
} GpuDeviceOptions;

/* What kernels are chosen and submissions split by. All sizes in bytes unless said. */
typedef struct {
  guint subgroup_size;
  guint shared_bytes;               /* per workgroup */
  guint max_group_count[3];
  guint max_group_threads;
  guint64 max_allocation_bytes;
  GpuCoopmatShape coopmat[8];       /* fp16 x fp16 -> fp32, subgroup scope; best first */
  guint n_coopmat;
  GpuCoopmatGrain coopmat2[8];      /* none unless the device also addresses tensors and has what else kernels need of it */
  guint n_coopmat2;
  guint coopmat2_max_side;          /* of such a matrix */
  guint coopmat2_shared_bytes;      /* per workgroup, that the driver takes for itself where there are such matrices */
  guint n_cores;                    /* that run workgroups; a guess where the driver does not tell */
  double submit_flop;               /* work a submission may hold, so that none is long (about 100 ms) */
  double timestamp_ns;              /* nanoseconds a timestamp tick; 0: no timestamps */
} GpuLimits;

/**
 * gpu_device_list:
 *
 * Returns: (transfer full) (element-type GpuDeviceInfo): every Vulkan device of the machine, usable or
 * not, in the driver's order. Errors: %GPU_ERROR_NO_DEVICE when there is no loader or no driver.
 */
GPtrArray *gpu_device_list (GError **error);

/**
 * gpu_device_new:
 * @options: what to open and how
 *
 * Opens the device @options names, or without a name the best usable one: discrete before integrated
 * before virtual before software, then by memory. Errors: %GPU_ERROR_NO_DEVICE with a sentence for
 * every device that was not taken.
 */
GpuDevice *gpu_device_new (const GpuDeviceOptions *options, GError **error);
GpuDevice *gpu_device_ref (GpuDevice *self);
void gpu_device_unref (GpuDevice *self);

const GpuDeviceInfo *gpu_device_info (GpuDevice *self);
const GpuLimits *gpu_device_limits (GpuDevice *self);

/* Bytes of device memory held now, and the most ever held (since the last reset of the peak). */
guint64 gpu_device_bytes (GpuDevice *self);
guint64 gpu_device_peak_bytes (GpuDevice *self);
void gpu_device_reset_peak (GpuDevice *self);

/* What may still be allocated: the smaller of the budget and the driver's own (VK_EXT_memory_budget). */
guint64 gpu_device_available_bytes (GpuDevice *self);

/* Between begin and end no memory is taken: buffers that are made have sizes only, so that what programs would need can
 * be found out by making them. They must be gone by the end, and nothing may be uploaded or run meanwhile.
 * Returns: the most device memory that they would have taken together; %G_MAXUINT64 where a single one is more than
 * the driver allows. To be compared with available and held bytes together. */
void gpu_device_begin_rehearsal (GpuDevice *self);
guint64 gpu_device_end_rehearsal (GpuDevice *self);
gboolean gpu_device_is_rehearsing (GpuDevice *self);

/* TRUE once any call reported a lost device: make a new one. */
gboolean gpu_device_is_lost (GpuDevice *self);

/* Writes the pipeline cache to the options' cache folder, atomically; failure is logged, not an error. */
void gpu_device_save_cache (GpuDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuDevice, gpu_device_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuDeviceInfo, gpu_device_info_free)

G_END_DECLS
