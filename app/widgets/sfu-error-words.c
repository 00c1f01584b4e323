#include "sfu-error-words.h"

#include <glib/gi18n.h>
#include <gpu-error.h>

#include "sfu-model-error.h"
#include "sfu-png.h"
#include "sfu-request.h"
#include "sfu-tokenizer.h"

static const char *
gpu_words (int code)
{
  switch (code)
    {
    case GPU_ERROR_NO_DEVICE: return _("No graphics device can be used: install a Vulkan driver, or choose another device in the preferences");
    case GPU_ERROR_OUT_OF_MEMORY: return _("Not enough graphics memory: try a smaller picture");
    case GPU_ERROR_DEVICE_LOST: return _("The graphics driver stopped responding");
    case GPU_ERROR_UNSUPPORTED: return _("This graphics device cannot do it: choose another one in the preferences");
    case GPU_ERROR_BAD_WEIGHTS: return _("The model's file is not complete: fetch it again");
    default: return _("The picture could not be made");
    }
}

static const char *
model_words (int code)
{
  switch (code)
    {
    case SFU_MODEL_ERROR_NOT_FOUND: return _("The model's file is gone");
    case SFU_MODEL_ERROR_UNREADABLE: return _("The model's file cannot be read");
    case SFU_MODEL_ERROR_DAMAGED: return _("The model's file is damaged: fetch it again");
    case SFU_MODEL_ERROR_INCOMPLETE: return _("The model lacks a part");
    case SFU_MODEL_ERROR_UNSUPPORTED: return _("This kind of model is not supported yet");
    default: return _("Not recognised");
    }
}

static const char *
image_words (int code)
{
  switch (code)
    {
    case SFU_IMAGE_ERROR_NOT_FOUND: return _("The picture is gone");
    case SFU_IMAGE_ERROR_NOT_AN_IMAGE: return _("This file is not a picture, or damaged");
    case SFU_IMAGE_ERROR_TOO_LARGE: return _("The picture is too large");
    default: return _("The picture could not be saved: is there room, and may the folder be written to?");
    }
}

const char *
sfu_error_words (const GError *error)
{
  if (error->domain == GPU_ERROR)
    return gpu_words (error->code);
  if (error->domain == SFU_MODEL_ERROR)
    return model_words (error->code);
  if (error->domain == SFU_IMAGE_ERROR)
    return image_words (error->code);
  if (error->domain == SFU_TEXT_ERROR)
    return _("The model's vocabulary cannot be used");
  if (error->domain == SFU_REQUEST_ERROR)
    return _("A setting has a value that cannot be used");
  return error->message;
}

gboolean
sfu_error_has_details (const GError *error)
{
  return sfu_error_words (error) != error->message;
}
