/* gpu-nets.h: everything of gpu/ that the engine uses. */
#pragma once

#include "gpu-clip.h"
#include "gpu-program.h"
#include "gpu-shader-params.h"
#include "gpu-strips.h"
#include "gpu-taesd.h"
#include "gpu-transfer.h"
#include "gpu-unet.h"
#include "gpu-vae.h"
