/* sfu-advanced-page.h: settings for those who know why: how noise is taken out, and how the numbers are computed.
 *
 * Signal: "changed" (something was set, by whomever; for a request that is set, once). */
#pragma once

#include <adwaita.h>

#include "sfu-request.h"

G_BEGIN_DECLS

#define SFU_TYPE_ADVANCED_PAGE (sfu_advanced_page_get_type ())
G_DECLARE_FINAL_TYPE (SfuAdvancedPage, sfu_advanced_page, SFU, ADVANCED_PAGE, AdwNavigationPage)

/* Writes what the page says into a request, and nothing else of it. */
void sfu_advanced_page_fill_request (SfuAdvancedPage *self, SfuRequest *request);
void sfu_advanced_page_set_request (SfuAdvancedPage *self, const SfuRequest *request);
/* Something is not as it is without the user's doing. */
gboolean sfu_advanced_page_is_changed (SfuAdvancedPage *self);
/* How many branches the model has, for reusing deep layers; 0: not known, and nothing changes. */
void sfu_advanced_page_set_n_branches (SfuAdvancedPage *self, guint n);

G_END_DECLS
