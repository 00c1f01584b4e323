/* sfu-budget.h: how much memory the nets between latents and pictures may take, and programs that keep to it. Engine thread.
 *
 * The UNet's step decides what a picture size needs. Decoder and encoder share its arena, and are cut into strips (gpu-strips.h)
 * where whole they would need more than it, so that a size whose steps fit is never lost to its last step. Previews have an arena
 * of their own beside it. Below a floor nothing is cut: there cutting costs time and saves little. */
#pragma once

#include <gpu-nets.h>

G_BEGIN_DECLS

/* Bytes for an encoder or decoder, and for the preview's, where the step takes @step_bytes. */
guint64 sfu_budget_coder (GpuDevice *device, guint64 step_bytes);
guint64 sfu_budget_preview (GpuDevice *device, guint64 step_bytes);

/* Makes the program with the net in @strips. */
typedef GpuProgram *(*SfuBuild) (const GpuStrips *strips, gpointer data, GError **error);

/**
 * sfu_budget_program:
 * @max_levels: that may be run in strips
 * @height: of the picture
 * @build: may be called several times
 *
 * The program that is whole if that keeps to @budget; else the one with the fewest levels in strips, and the fewest strips, that
 * does; else the smallest there is. Errors: those of @build.
 */
GpuProgram *sfu_budget_program (guint max_levels, guint height, guint64 budget, SfuBuild build, gpointer data, GError **error);

G_END_DECLS
