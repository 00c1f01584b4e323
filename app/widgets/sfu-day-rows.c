#include "sfu-day-rows.h"

#include <glib/gi18n.h>

#include "sfu-picture.h"

struct _SfuDayRow {
  GObject parent_instance;
  gint64 day; /* seconds when it began */
  guint first, length;
};

G_DEFINE_FINAL_TYPE (SfuDayRow, sfu_day_row, G_TYPE_OBJECT)

struct _SfuDayRows {
  GObject parent_instance;
  GListModel *pictures;
  GPtrArray *rows; /* SfuDayRow */
  guint columns;
};

static void list_model_init (GListModelInterface *iface);
static void section_model_init (GtkSectionModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (SfuDayRows, sfu_day_rows, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init)
                                                                        G_IMPLEMENT_INTERFACE (GTK_TYPE_SECTION_MODEL, section_model_init))

static guint changed_signal;

/* -- a row -- */

static void
sfu_day_row_class_init (SfuDayRowClass *klass)
{
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sfu_day_row_init (SfuDayRow *self)
{
}

guint
sfu_day_row_first (SfuDayRow *self)
{
  return self->first;
}

guint
sfu_day_row_length (SfuDayRow *self)
{
  return self->length;
}

static gint64
start_of_day (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);
  g_autoptr (GDateTime) start = g_date_time_new_local (g_date_time_get_year (time), g_date_time_get_month (time),
                                                       g_date_time_get_day_of_month (time), 0, 0, 0);
  return start != NULL ? g_date_time_to_unix (start) : seconds;
}

char *
sfu_day_row_title (SfuDayRow *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local (), day = g_date_time_new_from_unix_local (self->day);
  gint64 today = start_of_day (g_date_time_to_unix (now));
  /* A day is not always 24 hours long. */
  gint64 ago = (today - self->day + 12 * 3600) / (24 * 3600);
  if (ago == 0)
    return g_strdup (_("Today"));
  if (ago == 1)
    return g_strdup (_("Yesterday"));
  if (ago > 1 && ago < 7)
    return g_date_time_format (day, "%A");
  if (g_date_time_get_year (day) == g_date_time_get_year (now))
    /* Translators: a date without the year, see man strftime. */
    return g_date_time_format (day, _("%-e %B"));
  /* Translators: a date with the year, see man strftime. */
  return g_date_time_format (day, _("%-e %B %Y"));
}

/* -- the list -- */

static GType
get_item_type (GListModel *model)
{
  return SFU_TYPE_DAY_ROW;
}

static guint
get_n_items (GListModel *model)
{
  return SFU_DAY_ROWS (model)->rows->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SfuDayRows *self = SFU_DAY_ROWS (model);
  return position < self->rows->len ? g_object_ref (self->rows->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static gint64
day_at (SfuDayRows *self, guint row)
{
  return ((SfuDayRow *) self->rows->pdata[row])->day;
}

static void
get_section (GtkSectionModel *model, guint position, guint *start, guint *end)
{
  SfuDayRows *self = SFU_DAY_ROWS (model);
  if (position >= self->rows->len)
    {
      *start = self->rows->len;
      *end = G_MAXUINT;
      return;
    }
  for (*start = position; *start > 0 && day_at (self, *start - 1) == day_at (self, position); (*start)--)
    ;
  for (*end = position + 1; *end < self->rows->len && day_at (self, *end) == day_at (self, position); (*end)++)
    ;
}

static void
section_model_init (GtkSectionModelInterface *iface)
{
  iface->get_section = get_section;
}

/* -- packing -- */

typedef struct {
  gint64 day;
  guint first, length;
} Day;

/* One after another, newest first: the calendar is only asked where a day ends. */
static GArray *
days_of (GListModel *pictures)
{
  GArray *days = g_array_new (FALSE, FALSE, sizeof (Day));
  guint n = g_list_model_get_n_items (pictures);
  Day *day = NULL;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SfuPicture) picture = g_list_model_get_item (pictures, i);
      if (day == NULL || sfu_picture_created (picture) < day->day)
        {
          Day next = { start_of_day (sfu_picture_created (picture)), i, 0 };
          g_array_append_val (days, next);
          day = &g_array_index (days, Day, days->len - 1);
        }
      day->length++;
    }
  return days;
}

static SfuDayRow *
row_new (gint64 day)
{
  SfuDayRow *row = g_object_new (SFU_TYPE_DAY_ROW, NULL);
  row->day = day;
  return row;
}

static void
fill (SfuDayRows *self, guint at, const Day *day, guint n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    {
      SfuDayRow *row = self->rows->pdata[at + i];
      row->first = day->first + i * self->columns;
      row->length = MIN (self->columns, day->length - i * self->columns);
    }
}

/* Gives a day that has @before rows from @at on as many as it needs. Rows at its end come and go. */
static guint
fit_day (SfuDayRows *self, guint at, guint before, const Day *day)
{
  guint n = (day->length + self->columns - 1) / self->columns;
  for (guint i = before; i < n; i++)
    g_ptr_array_insert (self->rows, (int) (at + i), row_new (day->day));
  if (before > n)
    g_ptr_array_remove_range (self->rows, at + n, before - n);
  fill (self, at, day, n);
  if (n != before)
    g_list_model_items_changed (G_LIST_MODEL (self), at + MIN (n, before), before - MIN (n, before), n - MIN (n, before));
  return n;
}

static guint
rows_of_day (SfuDayRows *self, guint at)
{
  guint n = 0;
  while (at + n < self->rows->len && day_at (self, at + n) == day_at (self, at))
    n++;
  return n;
}

static void
remove_rows (SfuDayRows *self, guint at, guint n)
{
  if (n == 0)
    return;
  g_ptr_array_remove_range (self->rows, at, n);
  g_list_model_items_changed (G_LIST_MODEL (self), at, n, 0);
}

/* Old and new days side by side, newest first; what is in both keeps its rows, so the view keeps its place. */
static void
pack (SfuDayRows *self)
{
  g_autoptr (GArray) days = days_of (self->pictures);
  guint at = 0;
  for (guint i = 0; i < days->len; i++)
    {
      const Day *day = &g_array_index (days, Day, i);
      while (at < self->rows->len && day_at (self, at) > day->day)
        remove_rows (self, at, rows_of_day (self, at));
      at += fit_day (self, at, at < self->rows->len && day_at (self, at) == day->day ? rows_of_day (self, at) : 0, day);
    }
  remove_rows (self, at, self->rows->len - at);
  for (guint i = 0; i < self->rows->len; i++)
    g_signal_emit (self->rows->pdata[i], changed_signal, 0);
}

/* -- the object -- */

static void
sfu_day_rows_dispose (GObject *object)
{
  SfuDayRows *self = SFU_DAY_ROWS (object);
  g_clear_object (&self->pictures);
  g_ptr_array_set_size (self->rows, 0);
  G_OBJECT_CLASS (sfu_day_rows_parent_class)->dispose (object);
}

static void
sfu_day_rows_finalize (GObject *object)
{
  g_ptr_array_unref (SFU_DAY_ROWS (object)->rows);
  G_OBJECT_CLASS (sfu_day_rows_parent_class)->finalize (object);
}

static void
sfu_day_rows_class_init (SfuDayRowsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sfu_day_rows_dispose;
  G_OBJECT_CLASS (klass)->finalize = sfu_day_rows_finalize;
}

static void
sfu_day_rows_init (SfuDayRows *self)
{
  self->rows = g_ptr_array_new_with_free_func (g_object_unref);
  self->columns = 6;
}

SfuDayRows *
sfu_day_rows_new (GListModel *pictures)
{
  SfuDayRows *self = g_object_new (SFU_TYPE_DAY_ROWS, NULL);
  self->pictures = g_object_ref (pictures);
  g_signal_connect_object (pictures, "items-changed", G_CALLBACK (pack), self, G_CONNECT_SWAPPED);
  pack (self);
  return self;
}

void
sfu_day_rows_set_columns (SfuDayRows *self, guint columns)
{
  if (self->columns == columns || columns == 0)
    return;
  self->columns = columns;
  pack (self);
}

guint
sfu_day_rows_columns (SfuDayRows *self)
{
  return self->columns;
}

guint
sfu_day_rows_find (SfuDayRows *self, guint picture)
{
  guint low = 0, high = self->rows->len;
  while (low + 1 < high)
    {
      guint middle = (low + high) / 2;
      if (((SfuDayRow *) self->rows->pdata[middle])->first <= picture)
        low = middle;
      else
        high = middle;
    }
  return low;
}
