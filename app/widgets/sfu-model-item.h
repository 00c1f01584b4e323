/* sfu-model-item.h: a model in the list of all: its face, name, family and size, and how it stands with it. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-model-face.h"
#include "sfu-model-state.h"

G_BEGIN_DECLS

#define SFU_TYPE_MODEL_ITEM (sfu_model_item_get_type ())
G_DECLARE_FINAL_TYPE (SfuModelItem, sfu_model_item, SFU, MODEL_ITEM, GtkWidget)

GtkWidget *sfu_model_item_new (void);
SfuModelFace *sfu_model_item_face (SfuModelItem *self);
/* @model: (nullable). @chosen: it is the one that the settings name. */
void sfu_model_item_show (SfuModelItem *self, SfuLibraryModel *model, SfuLoader *loader, gboolean chosen);
/* The same for those who do not see it. */
char *sfu_model_item_label (SfuLibraryModel *model, SfuLoader *loader, gboolean chosen);

G_END_DECLS
