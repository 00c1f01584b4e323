#include "sfu-model-state.h"

#include <glib/gi18n.h>
#include <gpu-error.h>
#include <math.h>

#include "sfu-model-error.h"

/* What the device would have if this model were the only one. 0: no device has been opened yet. */
static guint64
room (SfuLoader *loader)
{
  const SfuHolding *holding = sfu_loader_holding (loader);
  return holding->free_bytes + holding->model_bytes;
}

static guint64
need (SfuLibraryModel *model, SfuLoader *loader)
{
  return sfu_library_model_device_bytes (model, sfu_loader_holding (loader)->software);
}

SfuModelState
sfu_model_state_of (SfuLibraryModel *model, SfuLoader *loader)
{
  const char *path = sfu_library_model_path (model);
  if (sfu_library_model_is_gone (model))
    return SFU_MODEL_STATE_GONE;
  if (sfu_library_model_error (model) != NULL)
    return SFU_MODEL_STATE_UNUSABLE;
  if (sfu_loader_is_loading (loader, path, NULL))
    return SFU_MODEL_STATE_LOADING;
  if (sfu_loader_holds (loader, path))
    return SFU_MODEL_STATE_READY;
  if (room (loader) > 0 && need (model, loader) > room (loader))
    return SFU_MODEL_STATE_TOO_LARGE;
  return sfu_loader_error (loader, path) != NULL ? SFU_MODEL_STATE_FAILED : SFU_MODEL_STATE_ON_DISK;
}

static const char *
unusable_text (const GError *error)
{
  switch (error->domain == SFU_MODEL_ERROR ? error->code : SFU_MODEL_ERROR_UNREADABLE)
    {
    case SFU_MODEL_ERROR_DAMAGED: return _("Damaged, or not a model");
    case SFU_MODEL_ERROR_INCOMPLETE: return _("Parts are missing");
    case SFU_MODEL_ERROR_UNKNOWN_FAMILY: return _("Not recognised");
    case SFU_MODEL_ERROR_UNSUPPORTED: return _("Not supported yet");
    default: return _("Cannot be read");
    }
}

static char *
on_disk_text (SfuLibraryModel *model, SfuLoader *loader)
{
  double rate = sfu_loader_holding (loader)->bytes_per_second;
  guint seconds = rate > 0 ? (guint) MAX (1, round (sfu_library_model_bytes (model) / rate)) : 0;
  if (seconds == 0)
    return g_strdup (_("On disk"));
  return g_strdup_printf (_("On disk · loads in about %u s"), seconds);
}

/* Numbers keep their direction in any text. */
static char *
size_text (guint64 bytes)
{
  g_autofree char *size = g_format_size (bytes);
  return g_strdup_printf ("\u2068%s\u2069", size);
}

static char *
ready_text (SfuLoader *loader)
{
  const SfuHolding *holding = sfu_loader_holding (loader);
  g_autofree char *size = size_text (holding->model_bytes);
  if (holding->software)
    return g_strdup_printf (_("Ready · %s in memory"), size);
  return g_strdup_printf (_("Ready · %s on the graphics card"), size);
}

static char *
too_large_text (SfuLibraryModel *model, SfuLoader *loader)
{
  g_autofree char *needed = size_text (need (model, loader)), *free_ = size_text (room (loader));
  /* Translators: two amounts of memory. */
  return g_strdup_printf (_("Needs about %s, %s free"), needed, free_);
}

char *
sfu_percent_text (double fraction)
{
  return g_strdup_printf ("\u2066%.0f %%\u2069", floor (100 * fraction));
}

char *
sfu_model_state_text (SfuLibraryModel *model, SfuLoader *loader)
{
  const char *path = sfu_library_model_path (model);
  g_autofree char *name = g_path_get_basename (path), *percent = NULL;
  double fraction = 0;
  switch (sfu_model_state_of (model, loader))
    {
    case SFU_MODEL_STATE_GONE:
      return g_strdup_printf (_("File is gone: %s"), name);
    case SFU_MODEL_STATE_UNUSABLE:
      return g_strdup (unusable_text (sfu_library_model_error (model)));
    case SFU_MODEL_STATE_LOADING:
      sfu_loader_is_loading (loader, path, &fraction);
      percent = sfu_percent_text (fraction);
      return g_strdup_printf (_("Loading… %s"), percent);
    case SFU_MODEL_STATE_READY:
      return ready_text (loader);
    case SFU_MODEL_STATE_TOO_LARGE:
      return too_large_text (model, loader);
    case SFU_MODEL_STATE_FAILED:
      return g_strdup (g_error_matches (sfu_loader_error (loader, path), GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY)
                         ? _("Not enough memory for it") : _("Could not be loaded"));
    case SFU_MODEL_STATE_ON_DISK:
      return on_disk_text (model, loader);
    }
  g_return_val_if_reached (NULL);
}

const char *
sfu_model_state_icon (SfuModelState state)
{
  switch (state)
    {
    case SFU_MODEL_STATE_READY: return "sfu-chip-symbolic";
    case SFU_MODEL_STATE_ON_DISK:
    case SFU_MODEL_STATE_LOADING: return NULL;
    default: return "dialog-warning-symbolic";
    }
}

gboolean
sfu_model_state_is_problem (SfuModelState state)
{
  return state >= SFU_MODEL_STATE_TOO_LARGE;
}

char *
sfu_model_state_obstacle (SfuLibraryModel *model)
{
  g_autofree char *name = g_path_get_basename (sfu_library_model_path (model));
  if (sfu_library_model_is_gone (model))
    return g_strdup_printf (_("The model’s file is gone: %s"), name);
  return sfu_library_model_error (model) != NULL ? g_strdup (sfu_library_model_error (model)->message) : NULL;
}
