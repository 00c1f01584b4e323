/* sfu-request-text.h: a request as text in a picture: A1111's "parameters", which many programs read, and our
 * own JSON, which has everything. */
#pragma once

#include <glib.h>

#include "sfu-request.h"

/* Keyword -> text for sfu_png_write(): "parameters" and "sfumato". @seed: of this picture of the batch;
 * @width, @height: what it really has. */
GHashTable *sfu_request_to_texts (const SfuRequest *self, guint64 seed, guint width, guint height);

/* The request that made a picture, from its texts: our own JSON where there is one, else "parameters".
 * @unknown: (out) (optional): settings that mean nothing here (element-type utf8), free with g_ptr_array_unref().
 * Returns: (transfer full) (nullable): NULL if there is nothing of the kind. */
SfuRequest *sfu_request_from_texts (GHashTable *texts, GPtrArray **unknown);

/* The two forms by themselves. */
char *sfu_request_to_json (const SfuRequest *self);
SfuRequest *sfu_request_from_json (const char *json);
char *sfu_request_to_parameters (const SfuRequest *self);
SfuRequest *sfu_request_from_parameters (const char *parameters, GPtrArray *unknown);
