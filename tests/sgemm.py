"""How fast OpenBLAS multiplies single-precision matrices here, beside which the kernels on software Vulkan are judged."""
import time
import numpy as np

M, N, K = 512, 1280, 5760       # an inner convolution of the UNet
a, b = np.random.rand(M, K).astype(np.float32), np.random.rand(K, N).astype(np.float32)
times = []
for _ in range(6):
    start = time.perf_counter(); a @ b; times.append(time.perf_counter() - start)
print(f'OpenBLAS sgemm, {M} x {N} x {K}: {2 * M * N * K / sorted(times)[2] / 1e9:.1f} Gflop/s')
