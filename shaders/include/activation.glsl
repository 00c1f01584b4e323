// activation.glsl: pointwise functions, chosen by a constant so that the branch disappears.

// erf to within 1.2e-7: Numerical Recipes' erfc Chebyshev fit (Press et al., 2nd ed., 6.2), the sign restored.
float
erf_ (float x)
{
  float z = abs (x);
  float t = 1.0 / (1.0 + 0.5 * z);
  float p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806
            + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  float e = 1.0 - t * exp (-z * z + p);
  return x < 0.0 ? -e : e;
}

float
activate (uint kind, float x)
{
  if (kind == ACT_SILU)
    return x / (1.0 + exp (-x));
  if (kind == ACT_GELU)
    return 0.5 * x * (1.0 + erf_ (x * 0.70710678118654752));
  if (kind == ACT_QUICK_GELU)
    return x / (1.0 + exp (-1.702 * x));
  if (kind == ACT_RELU)
    return max (x, 0.0);
  return x;
}
