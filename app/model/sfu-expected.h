/* sfu-expected.h: the tensors that a net will ask for, known from its configuration alone. */
#pragma once

#include "sfu-model.h"

typedef struct {
  char *name;
  guint n, k, taps;  /* (n), (n, k) or (n, k, 3, 3); k 0: a vector */
  gboolean optional; /* a bias */
} SfuExpected;

/* (element-type SfuExpected) */
GArray *sfu_expected_clip (const GpuClipConfig *config);
GArray *sfu_expected_unet (const GpuUnetConfig *config);
GArray *sfu_expected_vae (const GpuVaeConfig *config);

/* FALSE with a sentence if @weights lacks one, or has it in another shape or in whole numbers. @what: "UNet". */
gboolean sfu_expected_check (GArray *expected, GpuWeights *weights, const char *what, GError **error);
/* Names that are missing, and names that nobody asks for. (element-type utf8) */
GPtrArray *sfu_expected_missing (GArray *expected, GpuWeights *weights);
GPtrArray *sfu_expected_unused (GArray *expected, GpuWeights *weights);
