/* sfu-queue-view.h: what runs and what waits, to be stopped, moved about, changed and taken out.
 *
 * Signals: "edit" (SfuTicket*) it has been taken out, to be changed in the settings; "removed" (GPtrArray of
 * SfuTicket, guint) taken out from that position on. It uses the window's action win.stop. */
#pragma once

#include <adwaita.h>

#include "sfu-studio.h"

G_BEGIN_DECLS

#define SFU_TYPE_QUEUE_VIEW (sfu_queue_view_get_type ())
G_DECLARE_FINAL_TYPE (SfuQueueView, sfu_queue_view, SFU, QUEUE_VIEW, AdwBin)

SfuQueueView *sfu_queue_view_new (SfuStudio *studio);

G_END_DECLS
