#include "gpu-hazards.h"

typedef struct {
  guint64 start, end; /* device addresses */
  gboolean writes;
} Span;

struct _GpuHazards {
  GArray *spans;
};

GpuHazards *
gpu_hazards_new (void)
{
  GpuHazards *self = g_new0 (GpuHazards, 1);
  self->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  return self;
}

void
gpu_hazards_free (GpuHazards *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->spans);
  g_free (self);
}

void
gpu_hazards_clear (GpuHazards *self)
{
  g_array_set_size (self->spans, 0);
}

static Span
span_of (const GpuOperand *operand)
{
  guint64 start = gpu_buffer_address (operand->storage->buffer) + operand->storage->offset + operand->offset;
  return (Span) { start, start + operand->bytes, operand->writes };
}

static gboolean
clashes (GpuHazards *self, const GpuDispatch *dispatch)
{
  for (guint i = 0; i < dispatch->n_operands; i++)
    {
      Span span = span_of (&dispatch->operands[i]);
      for (guint j = 0; j < self->spans->len; j++)
        {
          const Span *other = &g_array_index (self->spans, Span, j);
          if ((span.writes || other->writes) && span.start < other->end && other->start < span.end)
            return TRUE;
        }
    }
  return FALSE;
}

gboolean
gpu_hazards_add (GpuHazards *self, const GpuDispatch *dispatch)
{
  gboolean clash = clashes (self, dispatch);
  if (clash)
    gpu_hazards_clear (self);
  for (guint i = 0; i < dispatch->n_operands; i++)
    {
      Span span = span_of (&dispatch->operands[i]);
      g_array_append_val (self->spans, span);
    }
  return clash;
}
