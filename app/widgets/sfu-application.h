/* sfu-application.h: start, end, and what outlives the window: settings, history, library, studio, session. */
#pragma once

#include <adwaita.h>

#define SFU_TYPE_APPLICATION (sfu_application_get_type ())
G_DECLARE_FINAL_TYPE (SfuApplication, sfu_application, SFU, APPLICATION, AdwApplication)

/* @data_folder: where the program's own files are (the bundled model);
 * @validate: Vulkan's validation layer; @budget_bytes: device memory to take at most, 0: no limit of ours. */
SfuApplication *sfu_application_new (const char *data_folder, gboolean validate, guint64 budget_bytes);
