#include "sfu-moment.h"

SfuMoment *
sfu_moment_new (const SfuRequest *request, guint step, guint n_steps, guint n_slots, gsize latent_floats)
{
  SfuMoment *self = g_new0 (SfuMoment, 1);
  g_atomic_ref_count_init (&self->refs);
  self->request = sfu_request_copy (request);
  self->step = step;
  self->n_steps = n_steps;
  self->n_slots = n_slots;
  self->latent_floats = latent_floats;
  self->x0 = g_new (float, latent_floats);
  self->slots = g_new (float, n_slots * latent_floats);
  return self;
}

SfuMoment *
sfu_moment_ref (SfuMoment *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sfu_moment_unref (SfuMoment *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  sfu_request_unref (self->request);
  g_free (self->x0);
  g_free (self->slots);
  g_free (self);
}

gsize
sfu_moment_size (const SfuMoment *self)
{
  return sizeof *self + (self->n_slots + 1) * self->latent_floats * sizeof (float);
}
