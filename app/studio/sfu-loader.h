/* sfu-loader.h: which model is on the device and which is on its way there. Main thread.
 *
 * Models are loaded in the background, one at a time: to want another one stops the first. What running jobs load
 * and drop is seen as well. Signal: "changed", whenever something below has another value. */
#pragma once

#include "sfu-engine.h"

G_BEGIN_DECLS

#define SFU_TYPE_LOADER (sfu_loader_get_type ())
G_DECLARE_FINAL_TYPE (SfuLoader, sfu_loader, SFU, LOADER, GObject)

/* @engine must live as long as there are jobs. */
SfuLoader *sfu_loader_new (SfuEngine *engine);
/* Every job must come by here before it is queued. */
void sfu_loader_watch (SfuLoader *self, SfuJob *job);

/* Brings @request's model to the device, unless it is there. */
void sfu_loader_load (SfuLoader *self, SfuRequest *request);
/* Ends what sfu_loader_load() began; loading for a job that makes a picture ends with that job. */
void sfu_loader_cancel (SfuLoader *self);

const SfuHolding *sfu_loader_holding (SfuLoader *self);
gboolean sfu_loader_holds (SfuLoader *self, const char *path);
/* @path: (nullable): of any model. @fraction: (out) (optional): 0..1 */
gboolean sfu_loader_is_loading (SfuLoader *self, const char *path, double *fraction);
/* Kernels are being measured, for whichever model. @fraction: (out) (optional): 0..1 */
gboolean sfu_loader_is_tuning (SfuLoader *self, double *fraction);
/* Why the model could not be loaded the last time, or NULL. */
const GError *sfu_loader_error (SfuLoader *self, const char *path);

G_END_DECLS
