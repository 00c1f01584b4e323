/* sfu-settings-panel.h: everything that can be said of the next picture, and the request made of it.
 *
 * Property: "model" (SfuLibraryModel or NULL). Signals: "changed" (something was set, by whomever),
 * "model-activated" (the model's row was pressed). */
#pragma once

#include <gtk/gtk.h>

#include "sfu-library.h"
#include "sfu-model-face.h"
#include "sfu-prompt-view.h"
#include "sfu-request.h"

G_BEGIN_DECLS

#define SFU_TYPE_SETTINGS_PANEL (sfu_settings_panel_get_type ())
G_DECLARE_FINAL_TYPE (SfuSettingsPanel, sfu_settings_panel, SFU, SETTINGS_PANEL, GtkWidget)

/* What the fields say. An unlocked seed is whatever stands there. Returns a new request. */
SfuRequest *sfu_settings_panel_request (SfuSettingsPanel *self);
/* Fills in all fields but the model, which is looked for by the caller. */
void sfu_settings_panel_set_request (SfuSettingsPanel *self, const SfuRequest *request);
/* Another seed, unless it is locked. */
void sfu_settings_panel_renew_seed (SfuSettingsPanel *self);

void sfu_settings_panel_set_model (SfuSettingsPanel *self, SfuLibraryModel *model);
SfuLibraryModel *sfu_settings_panel_model (SfuSettingsPanel *self);
/* The line under the model's name, whether work is going on behind it, whether something is wrong, and a button for
 * what can be done about it. @button, @action: (nullable) */
void sfu_settings_panel_set_model_state (SfuSettingsPanel *self, const char *state, gboolean busy, gboolean problem,
                                         const char *button, const char *action);
char *sfu_settings_panel_get_model_state (SfuSettingsPanel *self);
SfuModelFace *sfu_settings_panel_model_face (SfuSettingsPanel *self);
GtkWidget *sfu_settings_panel_model_row (SfuSettingsPanel *self);

void sfu_settings_panel_get_size (SfuSettingsPanel *self, guint *width, guint *height);
void sfu_settings_panel_set_size (SfuSettingsPanel *self, guint width, guint height);
/* Shows the size as one that does not work. */
void sfu_settings_panel_warn_size (SfuSettingsPanel *self, gboolean warn);
void sfu_settings_panel_set_start (SfuSettingsPanel *self, const char *path);

SfuPromptView *sfu_settings_panel_prompt (SfuSettingsPanel *self);
SfuPromptView *sfu_settings_panel_negative (SfuSettingsPanel *self);

G_END_DECLS
