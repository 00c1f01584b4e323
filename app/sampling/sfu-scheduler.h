/* sfu-scheduler.h: every scheduler as a list of small matrices.
 *
 * All samplers here are linear in what they hold: the latent x, the model's output e, the x0 estimate,
 * fresh noise, and what they remember of earlier calls. So a scheduler is worked out once, in double
 * precision, as one SfuSchedulerCall a model call, and a single GPU kernel carries out all of them:
 *
 *   model input  = input_scale * x                    x is slot 0
 *   e            = guided output of the UNet at `timestep`
 *   x0           = clamp (x0_sample * x + x0_model * e, -x0_clamp, x0_clamp)
 *   slot[i]'     = sum_j mix[i][j] * in[j]            for every slot at once, from the old values
 *   in           = { e, x0, noise, slot[0], slot[1], ... }
 *
 * Slots other than 0 start as zeros. Pure functions: no GPU, no files, any thread. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define SFU_SCHEDULER_ERROR (sfu_scheduler_error_quark ())
GQuark sfu_scheduler_error_quark (void);
typedef enum {
  SFU_SCHEDULER_ERROR_UNKNOWN_NAME, /* scheduler, sigma shape or spacing; the message lists the known ones */
  SFU_SCHEDULER_ERROR_UNSUPPORTED,  /* a known option that this scheduler cannot take, or a bad config */
  SFU_SCHEDULER_ERROR_STEPS,        /* 0, or more than there are training timesteps */
} SfuSchedulerError;

#define SFU_MAX_SLOTS 8
enum { SFU_IN_MODEL, SFU_IN_X0, SFU_IN_NOISE, SFU_IN_SLOT0, SFU_MAX_INPUTS = SFU_IN_SLOT0 + SFU_MAX_SLOTS };

typedef struct {
  double timestep;          /* what the UNet is given; fractional where diffusers' is */
  float input_scale;        /* scale_model_input as a factor */
  float x0_sample, x0_model;/* x0 (diffusers: pred_original_sample; LCM and TCD: denoised) */
  float x0_clamp;           /* INFINITY where the config does not clip */
  gboolean needs_noise;     /* draw one latent of noise for this call */
  float mix[SFU_MAX_SLOTS][SFU_MAX_INPUTS];
} SfuSchedulerCall;

typedef struct _SfuScheduler SfuScheduler;

/* What the user may choose; NULL strings (and NAN) mean: as the model's own config says. */
typedef struct {
  const char *name;    /* ddim pndm lms euler euler-a heun dpmpp-2m dpmpp-2m-sde dpmpp-sde unipc lcm tcd */
  const char *sigmas;  /* default karras exponential */
  const char *spacing; /* leading trailing linspace */
  double eta;          /* ddim (default 0) and tcd (default 0.3) */
  guint steps;         /* num_inference_steps */
  double strength;     /* img2img: share of the steps that are run, 0..1; 1 (or NAN) for txt2img */
} SfuSchedulerOptions;

/* The known scheduler names, NULL-terminated, in the order to show them, and their titles ("Euler a"). */
const char * const *sfu_scheduler_names (void);
const char *sfu_scheduler_title (const char *name); /* NULL if unknown */

/* SD 1.x's own scheduler config (PNDM): what a model file without one gets. */
JsonObject *sfu_scheduler_sd1_config (void);

/* The name of the scheduler that a config stands for, "pndm" for "PNDMScheduler" and so on. The class
 * names "Flax..." are the same. Multistep DPM with algorithm_type sde-dpmsolver++ is dpmpp-2m-sde.
 * NULL if there is none like it here. */
const char *sfu_scheduler_name_of_config (JsonObject *config);

/**
 * sfu_scheduler_new:
 * @config: the model's scheduler_config.json; options switch as diffusers' `X.from_config(pipe.scheduler.config)` does
 *
 * Errors: SFU_SCHEDULER_ERROR.
 */
SfuScheduler *sfu_scheduler_new (JsonObject *config, const SfuSchedulerOptions *options, GError **error);
void sfu_scheduler_free (SfuScheduler *self);

const char *sfu_scheduler_name (SfuScheduler *self);
guint sfu_scheduler_n_calls (SfuScheduler *self);  /* model calls after `strength` has cut the first ones */
guint sfu_scheduler_n_slots (SfuScheduler *self);
const SfuSchedulerCall *sfu_scheduler_call (SfuScheduler *self, guint i);
/* How far call @i is behind the first, for what happens at every n-th: as the package DeepCache counts, by the place
 * where its timestep first stands in the scheduler's list, so that PNDM's repeated timestep counts once. But Heun's
 * timesteps, which all come twice, would stand at odd places only and never meet an even n: there the calls count. */
guint sfu_scheduler_position (SfuScheduler *self, guint i);
double sfu_scheduler_init_noise_sigma (SfuScheduler *self);
/* img2img: x = a * latent + b * noise at the first call that is run (diffusers: add_noise). */
void sfu_scheduler_start_mix (SfuScheduler *self, double *latent_factor, double *noise_factor);
/* For tests and display: the sigma table (n = 0 where the scheduler has none). */
const double *sfu_scheduler_sigmas (SfuScheduler *self, guint *n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuScheduler, sfu_scheduler_free)

G_END_DECLS
