/* gpu-tuning-private.h: entries of the table, for the choice of kernels and for the tuner. */
#pragma once

#include "gpu-kernels.h"

/* The variant's text: gpu_choice_to_text() or gpu_attention_kernel_to_text(). NULL: it is not known. */
const char *gpu_tuning_find (GpuTuning *self, const GpuProblem *problem);
void gpu_tuning_put (GpuTuning *self, const GpuProblem *problem, const char *variant);
void gpu_tuning_forget (GpuTuning *self, const GpuProblem *problem);

/* Nothing could be found out about @problem, and this table shall not try again: that is not written to the file. */
void gpu_tuning_leave (GpuTuning *self, const GpuProblem *problem);
gboolean gpu_tuning_is_left (GpuTuning *self, const GpuProblem *problem);
