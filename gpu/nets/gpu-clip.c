#include "gpu-clip.h"

#include <math.h>

#include "gpu-blocks.h"

static GpuTensor
layer (GpuOps *ops, GpuBank *bank, const GpuClipConfig *config, GpuTensor x)
{
  static const char *const qkv_names[] = { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj" };
  guint width = config->width, rows[] = { width, width, width };
  GpuMatrix qkv = gpu_bank_matrices (bank, qkv_names, 3, rows, width);
  GpuMatrix project = gpu_bank_matrix (bank, "self_attn.out_proj", width, width, 1);
  GpuMatrix fc1 = gpu_bank_matrix (bank, "mlp.fc1", config->hidden_width, width, 1);
  GpuMatrix fc2 = gpu_bank_matrix (bank, "mlp.fc2", width, config->hidden_width, 1);

  GpuTensor h = gpu_block_layer_norm (ops, bank, "layer_norm1", x, config->norm_eps);
  GpuTensor states = gpu_linear (ops, h, &qkv, NULL);
  h = gpu_attention (ops, gpu_tensor_channels (states, 0, width), gpu_tensor_channels (states, width, width),
                     gpu_tensor_channels (states, 2 * width, width), config->n_heads,
                     1 / sqrtf ((float) width / config->n_heads), TRUE);
  x = gpu_linear (ops, h, &project, &(GpuEpilogue) { .residual = x });
  h = gpu_block_layer_norm (ops, bank, "layer_norm2", x, config->norm_eps);
  h = gpu_linear (ops, h, &fc1, &(GpuEpilogue) { .act = config->act });
  return gpu_linear (ops, h, &fc2, &(GpuEpilogue) { .residual = x });
}

void
gpu_clip (GpuOps *ops, GpuBank *bank, const GpuClipConfig *config, GpuTensor tokens, GpuTensor out)
{
  gpu_bank_enter (bank, "embeddings");
  GpuTensor table = gpu_bank_table (bank, "token_embedding.weight", config->vocab_size, config->width);
  GpuTensor positions = gpu_bank_table (bank, "position_embedding.weight", config->max_positions, config->width);
  gpu_bank_leave (bank);

  GpuTensor x = gpu_embed_tokens (ops, tokens, table, positions);
  for (guint i = 0; i < config->n_layers; i++)
    {
      gpu_bank_enter (bank, "encoder.layers.%u", i);
      x = layer (ops, bank, config, x);
      gpu_bank_leave (bank);
    }
  x = gpu_block_layer_norm (ops, bank, "final_layer_norm", x, config->norm_eps);
  gpu_add (ops, x, (GpuTensor) { 0 }, GPU_ACT_NONE, out);
}
