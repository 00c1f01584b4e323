/* sfu-fit.h: which picture sizes a device has the memory for, found out by planning them. Engine thread. */
#pragma once

#include "sfu-checkpoint.h"

G_BEGIN_DECLS

/**
 * sfu_fit_largest:
 * @request: what did not fit
 *
 * The largest size of @request's shape that is smaller, has sides that divide by 64, and for which weights,
 * activations and previews fit the device. Nothing is allocated; what else the checkpoint holds counts as free.
 *
 * Returns: FALSE if no size fits.
 */
gboolean sfu_fit_largest (SfuCheckpoint *checkpoint, const SfuRequest *request, guint *width, guint *height);

G_END_DECLS
