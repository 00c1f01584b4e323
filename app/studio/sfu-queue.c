#include "sfu-queue.h"

struct _SfuTicket {
  GObject parent_instance;
  guint id;
  SfuRequest *request;
  SfuMoment *moment;
  gboolean endless;
};

G_DEFINE_FINAL_TYPE (SfuTicket, sfu_ticket, G_TYPE_OBJECT)

struct _SfuQueue {
  GObject parent_instance;
  GListStore *tickets;
};

static void list_model_init (GListModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (SfuQueue, sfu_queue, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

/* -- a ticket -- */

static void
sfu_ticket_finalize (GObject *object)
{
  SfuTicket *self = SFU_TICKET (object);
  sfu_request_unref (self->request);
  sfu_moment_unref (self->moment);
  G_OBJECT_CLASS (sfu_ticket_parent_class)->finalize (object);
}

static void
sfu_ticket_class_init (SfuTicketClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sfu_ticket_finalize;
}

static void
sfu_ticket_init (SfuTicket *self)
{
  static guint last_id = 0;
  self->id = ++last_id;
}

SfuTicket *
sfu_ticket_new (SfuRequest *request, SfuMoment *moment)
{
  SfuTicket *self = g_object_new (SFU_TYPE_TICKET, NULL);
  self->request = sfu_request_ref (request);
  self->moment = moment != NULL ? sfu_moment_ref (moment) : NULL;
  return self;
}

guint
sfu_ticket_id (SfuTicket *self)
{
  return self->id;
}

SfuRequest *
sfu_ticket_request (SfuTicket *self)
{
  return self->request;
}

SfuMoment *
sfu_ticket_moment (SfuTicket *self)
{
  return self->moment;
}

gboolean
sfu_ticket_is_endless (SfuTicket *self)
{
  return self->endless;
}

void
sfu_ticket_set_endless (SfuTicket *self, gboolean endless)
{
  self->endless = endless;
}

/* A shared request never changes, so the ticket gets another. */
void
sfu_ticket_next_seed (SfuTicket *self)
{
  SfuRequest *next = sfu_request_copy (self->request);
  next->seed++;
  sfu_request_unref (self->request);
  self->request = next;
}

/* -- the list -- */

static GType
get_item_type (GListModel *model)
{
  return SFU_TYPE_TICKET;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (SFU_QUEUE (model)->tickets));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (SFU_QUEUE (model)->tickets), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
sfu_queue_dispose (GObject *object)
{
  g_clear_object (&SFU_QUEUE (object)->tickets);
  G_OBJECT_CLASS (sfu_queue_parent_class)->dispose (object);
}

static void
sfu_queue_class_init (SfuQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sfu_queue_dispose;
}

static void
sfu_queue_init (SfuQueue *self)
{
  self->tickets = g_list_store_new (SFU_TYPE_TICKET);
  g_signal_connect_object (self->tickets, "items-changed", G_CALLBACK (g_list_model_items_changed), self, G_CONNECT_SWAPPED);
}

SfuQueue *
sfu_queue_new (void)
{
  return g_object_new (SFU_TYPE_QUEUE, NULL);
}

guint
sfu_queue_length (SfuQueue *self)
{
  return get_n_items (G_LIST_MODEL (self));
}

guint
sfu_queue_find (SfuQueue *self, SfuTicket *ticket)
{
  guint position;
  return g_list_store_find (self->tickets, ticket, &position) ? position : G_MAXUINT;
}

SfuTicket *
sfu_queue_find_id (SfuQueue *self, guint id)
{
  for (guint i = 0; i < sfu_queue_length (self); i++)
    {
      g_autoptr (SfuTicket) ticket = get_item (G_LIST_MODEL (self), i);
      if (ticket->id == id)
        return ticket; /* the list holds it */
    }
  return NULL;
}

void
sfu_queue_insert (SfuQueue *self, SfuTicket *ticket, guint position)
{
  g_list_store_insert (self->tickets, MIN (position, sfu_queue_length (self)), ticket);
}

SfuTicket *
sfu_queue_take_first (SfuQueue *self)
{
  SfuTicket *ticket = get_item (G_LIST_MODEL (self), 0);
  if (ticket != NULL)
    g_list_store_remove (self->tickets, 0);
  return ticket;
}

gboolean
sfu_queue_remove (SfuQueue *self, SfuTicket *ticket)
{
  guint position = sfu_queue_find (self, ticket);
  if (position == G_MAXUINT)
    return FALSE;
  g_list_store_remove (self->tickets, position);
  return TRUE;
}

void
sfu_queue_move (SfuQueue *self, SfuTicket *ticket, guint position)
{
  g_autoptr (SfuTicket) held = g_object_ref (ticket);
  if (position != sfu_queue_find (self, ticket) && sfu_queue_remove (self, ticket))
    sfu_queue_insert (self, held, position);
}

static gboolean
waits_already (SfuQueue *self, const SfuRequest *request)
{
  for (guint i = 0; i < sfu_queue_length (self); i++)
    {
      g_autoptr (SfuTicket) ticket = get_item (G_LIST_MODEL (self), i);
      if (ticket->request->seed == request->seed && g_str_equal (ticket->request->prompt, request->prompt))
        return TRUE;
    }
  return FALSE;
}

void
sfu_queue_duplicate (SfuQueue *self, SfuTicket *ticket)
{
  g_autoptr (SfuTicket) copy = sfu_ticket_new (ticket->request, ticket->moment);
  guint position = sfu_queue_find (self, ticket);
  if (position == G_MAXUINT)
    return;
  while (waits_already (self, copy->request))
    sfu_ticket_next_seed (copy);
  sfu_queue_insert (self, copy, position + 1);
}

GPtrArray *
sfu_queue_clear (SfuQueue *self)
{
  GPtrArray *tickets = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < sfu_queue_length (self); i++)
    g_ptr_array_add (tickets, get_item (G_LIST_MODEL (self), i));
  g_list_store_remove_all (self->tickets);
  return tickets;
}
