/* sfu-file-name.h: what a new picture's file is called. Any thread. */
#pragma once

#include "sfu-request.h"

G_BEGIN_DECLS

typedef enum {
  SFU_FILE_NAME_DATE_SEED,   /* "2026-11-24 15-04-05 1204887" */
  SFU_FILE_NAME_PROMPT_SEED, /* "a lighthouse at dusk 1204887" */
  SFU_FILE_NAME_DATE_PROMPT, /* "2026-11-24 15-04-05 a lighthouse at dusk" */
} SfuFileName;

/* A path in @folder that no file has yet: a number is added where two pictures would meet. Transfer full. */
char *sfu_file_name_new_path (SfuFileName style, const char *folder, const SfuRequest *request);

G_END_DECLS
