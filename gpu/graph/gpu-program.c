#include "gpu-program-private.h"

#include <string.h>

#include "gpu-hazards.h"
#include "gpu-plan.h"

/* Kernels that read whole tiles may look past a tensor's last row, though never use what they find there. */
#define ARENA_SLACK (2u << 20)
/* Pieces under way on devices where each piece takes long. */
#define PIECES_UNDER_WAY 2

struct _GpuArena {
  gatomicrefcount refs;
  GpuDevice *device;
  GpuBuffer *buffer;
  guint generation; /* changes with the buffer: commands recorded for an older one are stale */
};

GpuArena *
gpu_arena_new (GpuDevice *device)
{
  GpuArena *self = g_new0 (GpuArena, 1);
  g_atomic_ref_count_init (&self->refs);
  self->device = gpu_device_ref (device);
  return self;
}

GpuArena *
gpu_arena_ref (GpuArena *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gpu_arena_unref (GpuArena *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->buffer, gpu_buffer_unref);
  gpu_device_unref (self->device);
  g_free (self);
}

guint64
gpu_arena_bytes (GpuArena *self)
{
  return self->buffer != NULL ? gpu_buffer_size (self->buffer) : 0;
}

void
gpu_arena_release (GpuArena *self)
{
  g_clear_pointer (&self->buffer, gpu_buffer_unref);
}

gboolean
gpu_arena_reserve (GpuArena *self, guint64 bytes, GError **error)
{
  if (self->buffer != NULL && gpu_buffer_size (self->buffer) >= bytes)
    return TRUE;
  g_clear_pointer (&self->buffer, gpu_buffer_unref);
  self->buffer = gpu_buffer_new (self->device, bytes, GPU_MEMORY_DEVICE, "activations", error);
  if (self->buffer == NULL)
    return FALSE;
  self->generation++;
  return TRUE;
}

/* Gives every planned storage its offset. */
static guint64
plan (GpuOps *ops)
{
  g_autoptr (GHashTable) indices = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) lives = g_array_new (FALSE, TRUE, sizeof (GpuLifetime));
  g_autoptr (GPtrArray) storages = g_ptr_array_new ();

  for (guint i = 0; i < ops->dispatches->len; i++)
    {
      const GpuDispatch *dispatch = &g_array_index (ops->dispatches, GpuDispatch, i);
      for (guint j = 0; j < dispatch->n_operands; j++)
        {
          GpuStorage *storage = dispatch->operands[j].storage;
          gpointer index;
          if (!storage->planned)
            continue;
          if (!g_hash_table_lookup_extended (indices, storage, NULL, &index))
            {
              GpuLifetime life = { .bytes = storage->bytes, .first = i, .last = i };
              index = GUINT_TO_POINTER (storages->len);
              g_hash_table_insert (indices, storage, index);
              g_ptr_array_add (storages, storage);
              g_array_append_val (lives, life);
            }
          g_array_index (lives, GpuLifetime, GPOINTER_TO_UINT (index)).last = i;
        }
    }
  guint64 bytes = gpu_plan_offsets ((GpuLifetime *) lives->data, lives->len);
  for (guint i = 0; i < storages->len; i++)
    ((GpuStorage *) storages->pdata[i])->offset = g_array_index (lives, GpuLifetime, i).offset;
  return bytes;
}

GpuProgram *
gpu_program_new (const char *name, GpuOps *ops, GpuArena *arena, GError **error)
{
  g_autoptr (GpuProgram) self = g_new0 (GpuProgram, 1);
  self->name = g_strdup (name);
  self->ops = ops;
  self->arena = gpu_arena_ref (arena);
  self->pieces = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_commands_free);
  if (ops->error != NULL)
    {
      g_propagate_error (error, g_error_copy (ops->error));
      return NULL;
    }
  self->arena_bytes = plan (ops) + ARENA_SLACK;
  return g_steal_pointer (&self);
}

void
gpu_program_free (GpuProgram *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->pieces);
  gpu_ops_free (self->ops);
  gpu_arena_unref (self->arena);
  g_free (self->name);
  g_free (self);
}

const GArray *
gpu_program_guesses (GpuProgram *self)
{
  return self->ops->guesses;
}

guint64
gpu_program_arena_bytes (GpuProgram *self)
{
  return self->arena_bytes;
}

/* Points the planned storages into the arena as it is now. */
static void
place (GpuProgram *self)
{
  for (guint i = 0; i < self->ops->storages->len; i++)
    {
      GpuStorage *storage = self->ops->storages->pdata[i];
      if (storage->planned)
        storage->buffer = self->arena->buffer;
    }
}

static void
fill_addresses (GpuDispatch *dispatch)
{
  for (guint i = 0; i < dispatch->n_operands; i++)
    {
      const GpuOperand *operand = &dispatch->operands[i];
      guint64 address = gpu_buffer_address (operand->storage->buffer) + operand->storage->offset + operand->offset;
      memcpy (dispatch->push + operand->push_offset, &address, sizeof address);
    }
}

/* A new piece, owned by the list of pieces. */
static GpuCommands *
begin_piece (GpuProgram *self, GError **error)
{
  g_autofree char *label = g_strdup_printf ("%s %u", self->name, self->pieces->len);
  GpuCommands *commands = gpu_commands_new (self->ops->device, label, error);
  if (commands == NULL)
    return NULL;
  g_ptr_array_add (self->pieces, commands);
  if (!gpu_commands_begin (commands, error))
    return NULL;
  /* What the piece before wrote. Submissions start in order, but memory needs saying so. */
  gpu_commands_barrier (commands);
  return commands;
}

/* Records @dispatch, cut along its longest side into parts of at most @room flop, into as many pieces as
 * that takes. @used is what the current piece holds. */
static GpuCommands *
record_dispatch (GpuProgram *self, GpuCommands *commands, const GpuDispatch *dispatch, double *used, GError **error)
{
  double limit = gpu_device_limits (self->ops->device)->submit_flop;
  /* Memory-bound work counts as well: about ten operations could be done while a byte is fetched. */
  double cost = MAX (dispatch->flop, 10 * dispatch->bytes);
  guint side = dispatch->groups[1] > dispatch->groups[0] ? 1 : 0;
  guint total = dispatch->groups[side], at = 0;

  while (at < total && commands != NULL)
    {
      double share = cost / total;
      guint n = share > 0 ? CLAMP ((limit - *used) / share, 0, total - at) : total - at;
      if (n == 0 && *used > 0)
        {
          if (!gpu_commands_end (commands, error))
            return NULL;
          commands = begin_piece (self, error);
          *used = 0;
          continue;
        }
      n = MAX (n, 1);
      guint base[3] = { 0, 0, 0 }, groups[3] = { dispatch->groups[0], dispatch->groups[1], dispatch->groups[2] };
      base[side] = at;
      groups[side] = n;
      gpu_commands_dispatch (commands, dispatch->pipeline, dispatch->push, dispatch->push_bytes, base, groups);
      *used += share * n;
      at += n;
    }
  return commands;
}

gboolean
gpu_program_record (GpuProgram *self, GError **error)
{
  g_autoptr (GpuHazards) hazards = gpu_hazards_new ();
  GpuCommands *commands;
  double used = 0;

  if (!gpu_arena_reserve (self->arena, self->arena_bytes, error))
    return FALSE;
  if (self->recorded_generation == self->arena->generation)
    return TRUE;
  self->recorded_generation = 0;
  place (self);
  g_ptr_array_set_size (self->pieces, 0);
  self->barriers = 0;
  commands = begin_piece (self, error);
  for (guint i = 0; i < self->ops->dispatches->len && commands != NULL; i++)
    {
      GpuDispatch *dispatch = &g_array_index (self->ops->dispatches, GpuDispatch, i);
      fill_addresses (dispatch);
      if (gpu_hazards_add (hazards, dispatch))
        {
          gpu_commands_barrier (commands);
          self->barriers++;
        }
      commands = record_dispatch (self, commands, dispatch, &used, error);
    }
  if (commands == NULL)
    return FALSE;
  gpu_commands_host_barrier (commands);
  if (!gpu_commands_end (commands, error))
    return FALSE;
  self->recorded_generation = self->arena->generation;
  return TRUE;
}

gboolean
gpu_program_run (GpuProgram *self, guint queue, const GpuPoint *after, GCancellable *cancellable, GpuPoint *done,
                 GError **error)
{
  GpuDevice *device = self->ops->device;
  GpuPoint points[PIECES_UNDER_WAY] = { { 0 } };
  GpuPoint last = { 0 };

  if (!gpu_program_record (self, error))
    return FALSE;
  for (guint i = 0; i < self->pieces->len; i++)
    {
      GpuPoint *slot = &points[i % PIECES_UNDER_WAY];
      if (!gpu_device_wait (device, *slot, error))
        return FALSE;
      if (g_cancellable_is_cancelled (cancellable))
        {
          if (gpu_device_wait (device, last, error))
            g_set_error_literal (error, GPU_ERROR, GPU_ERROR_CANCELLED, "Stopped.");
          return FALSE;
        }
      if (!gpu_commands_submit (self->pieces->pdata[i], queue, i == 0 ? after : NULL, slot, error))
        return FALSE;
      last = *slot;
    }
  *done = last;
  return TRUE;
}

gboolean
gpu_program_run_wait (GpuProgram *self, GCancellable *cancellable, GError **error)
{
  GpuPoint done;
  return gpu_program_run (self, 0, NULL, cancellable, &done, error)
         && gpu_device_wait (self->ops->device, done, error);
}
