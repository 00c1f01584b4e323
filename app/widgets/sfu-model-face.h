/* sfu-model-face.h: the small square that stands for a model: a favourite picture made with it, or a brush. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-history.h"
#include "sfu-library.h"
#include "sfu-thumbnails.h"

G_BEGIN_DECLS

#define SFU_TYPE_MODEL_FACE (sfu_model_face_get_type ())
G_DECLARE_FINAL_TYPE (SfuModelFace, sfu_model_face, SFU, MODEL_FACE, GtkWidget)

GtkWidget *sfu_model_face_new (void);
/* @picture: (nullable) */
void sfu_model_face_set_picture (SfuModelFace *self, SfuPicture *picture, SfuThumbnails *thumbnails);

/* The newest favourite made with each model. Returns: (element-type filename SfuPicture) (transfer full) */
GHashTable *sfu_model_faces (SfuHistory *history);

G_END_DECLS
