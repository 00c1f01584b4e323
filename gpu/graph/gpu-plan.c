#include "gpu-plan.h"

#define ALIGNMENT 256

static int
by_size (gconstpointer a, gconstpointer b, gpointer lives)
{
  const GpuLifetime *x = (GpuLifetime *) lives + *(const guint *) a, *y = (GpuLifetime *) lives + *(const guint *) b;
  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return x->first < y->first ? -1 : x->first > y->first;
}

/* Keeps @placed in the order of offsets. */
static void
insert (GPtrArray *placed, GpuLifetime *life)
{
  guint i = placed->len;
  while (i > 0 && ((GpuLifetime *) placed->pdata[i - 1])->offset > life->offset)
    i--;
  g_ptr_array_insert (placed, i, life);
}

guint64
gpu_plan_offsets (GpuLifetime *lives, guint n)
{
  g_autofree guint *order = g_new (guint, MAX (n, 1));
  g_autoptr (GPtrArray) placed = g_ptr_array_new ();
  guint64 size = 0;

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_sort_array (order, n, sizeof (guint), by_size, lives);
  for (guint i = 0; i < n; i++)
    {
      GpuLifetime *life = &lives[order[i]];
      guint64 at = 0;
      for (guint j = 0; j < placed->len; j++)
        {
          GpuLifetime *other = placed->pdata[j];
          if (other->last < life->first || other->first > life->last)
            continue;
          if (other->offset >= at + life->bytes)
            break;
          at = MAX (at, (other->offset + other->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        }
      life->offset = at;
      size = MAX (size, at + life->bytes);
      insert (placed, life);
    }
  return size;
}
