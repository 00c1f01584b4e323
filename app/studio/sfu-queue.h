/* sfu-queue.h: what waits to be painted, first to come first: a GListModel of SfuTicket. Main thread. */
#pragma once

#include <gio/gio.h>

#include "sfu-moment.h"
#include "sfu-request.h"

G_BEGIN_DECLS

/* A request that waits. Its settings are a copy: what is changed in the window later does not touch it. */
#define SFU_TYPE_TICKET (sfu_ticket_get_type ())
G_DECLARE_FINAL_TYPE (SfuTicket, sfu_ticket, SFU, TICKET, GObject)

/* @moment: (nullable): where to go on from. */
SfuTicket *sfu_ticket_new (SfuRequest *request, SfuMoment *moment);
guint sfu_ticket_id (SfuTicket *self); /* never 0, never used twice */
SfuRequest *sfu_ticket_request (SfuTicket *self);
SfuMoment *sfu_ticket_moment (SfuTicket *self);
/* Once done it is to be queued again, with the next seed. */
gboolean sfu_ticket_is_endless (SfuTicket *self);
void sfu_ticket_set_endless (SfuTicket *self, gboolean endless);
void sfu_ticket_next_seed (SfuTicket *self);

#define SFU_TYPE_QUEUE (sfu_queue_get_type ())
G_DECLARE_FINAL_TYPE (SfuQueue, sfu_queue, SFU, QUEUE, GObject)

SfuQueue *sfu_queue_new (void);
guint sfu_queue_length (SfuQueue *self);
/* G_MAXUINT: it is not waiting (any more). */
guint sfu_queue_find (SfuQueue *self, SfuTicket *ticket);
SfuTicket *sfu_queue_find_id (SfuQueue *self, guint id); /* transfer none, or NULL */

/* A position beyond the end is the end. */
void sfu_queue_insert (SfuQueue *self, SfuTicket *ticket, guint position);
SfuTicket *sfu_queue_take_first (SfuQueue *self); /* transfer full, or NULL */
gboolean sfu_queue_remove (SfuQueue *self, SfuTicket *ticket);
void sfu_queue_move (SfuQueue *self, SfuTicket *ticket, guint position);
/* Another picture with the same settings right behind it, with the next seed that is not waiting already. */
void sfu_queue_duplicate (SfuQueue *self, SfuTicket *ticket);
/* Takes all out. Returns: (element-type SfuTicket) (transfer full) */
GPtrArray *sfu_queue_clear (SfuQueue *self);

G_END_DECLS
