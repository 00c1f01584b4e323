// attention-coopmat-softmax.glsl: the softmax of attention-coopmat.comp, on matrices that do not tell where their elements are.
// Operators between matrices and functions of single elements are all it uses; what concerns rows goes through
// shared memory.

const float LAG = 8.0;      // powers of two that a score may be above `top`: 2^8 is far from the largest fp16
const float MASKED = -1e30;

shared float row_value[GROUPS * SPLIT * MATRIX_M];
shared float mask[CAUSAL == 1 ? ROWS * KEYS : KEYS];

// Scores start at zero, or where keys are hidden far below it.
void
start_scores (uint t0, uint j0)
{
  bool hidden = CAUSAL == 1 || j0 + KEYS > p.tk;
  if (hidden)
    {
      for (uint i = gl_LocalInvocationID.x; i < mask.length (); i += LOCAL_SIZE)
        {
          uint j = j0 + i % KEYS;
          mask[i] = j < p.tk && (CAUSAL == 0 || j <= t0 + i / KEYS) ? 0.0 : MASKED;
        }
      barrier ();
    }
  UNROLL for (uint t = 0; t < TILES; t++)
    UNROLL for (uint j = 0; j < S_TILES; j++)
      {
        s[t * S_TILES + j] = MatrixC (0.0);
        if (hidden)
          coopMatLoad (s[t * S_TILES + j], mask, (CAUSAL == 1 ? (first_row + t * MATRIX_M) * KEYS : 0) + (part * S_TILES + j) * MATRIX_N,
                       CAUSAL == 1 ? KEYS : 0, ROW_MAJOR);
      }
}

// Row number `lane` of @x, a matrix of row @t: its largest element, or with @add their sum. What it goes through is
// the part of `probability` that the matrices of row @t will fill.
float
fold_row (MatrixC x, uint t, bool add)
{
  uint at = (first_row + t * MATRIX_M) * P_STRIDE + part * MATRIX_N / 4;
  float y = add ? 0.0 : MASKED;
  coopMatStore (x, probability, at, P_STRIDE, ROW_MAJOR);
  subgroupBarrier ();
  if (lane < MATRIX_M)
    UNROLL for (uint i = 0; i < MATRIX_N / 4; i++)
      {
        vec4 e = uintBitsToFloat (probability[at + lane * P_STRIDE + i]);
        y = add ? y + (e.x + e.y + e.z + e.w) : max (y, max (max (e.x, e.y), max (e.z, e.w)));
      }
  subgroupBarrier ();
  return y;
}

// A matrix of constant rows from each row's value in the invocation `lane`, combined over the subgroups that share them.
MatrixC
spread_rows (float y, bool add)
{
  MatrixC x;
  if (lane < MATRIX_M)
    row_value[gl_SubgroupID * MATRIX_M + lane] = y;
  if (SPLIT > 1)
    {
      barrier ();
      UNROLL for (uint i = 1; i < SPLIT; i++)
        if (lane < MATRIX_M)
          {
            float other = row_value[(group * SPLIT + (part + i) % SPLIT) * MATRIX_M + lane];
            y = add ? y + other : max (y, other);
          }
      barrier ();
      if (lane < MATRIX_M)
        row_value[gl_SubgroupID * MATRIX_M + lane] = y;
    }
  subgroupBarrier ();
  coopMatLoad (x, row_value, gl_SubgroupID * MATRIX_M, 0, COLUMN_MAJOR);
  return x;
}

// Scores of matrix row @t are relative to `top`, and some are too far above it: raises it to the largest.
void
raise_top (uint t, bool first)
{
  float most = MASKED;
  UNROLL for (uint j = 0; j < S_TILES; j++)
    most = max (most, fold_row (s[t * S_TILES + j], t, false));
  MatrixC rise = spread_rows (most, false), keep;
  UNROLL for (uint i = 0; i < rise.length (); i++)
    {
      rise[i] = first ? rise[i] : max (rise[i], 0.0);
      keep[i] = exp2 (-rise[i]);
    }
  top[t] = top[t] + rise;
  UNROLL for (uint j = 0; j < S_TILES; j++)
    s[t * S_TILES + j] = s[t * S_TILES + j] - rise;
  if (first)
    return;
  total[t] = total[t] * keep;
  UNROLL for (uint i = 0; i < SLICES * O_TILES; i++)
    o[t * SLICES * O_TILES + i] = o[t * SLICES * O_TILES + i] * keep;
}

// Scores become probabilities, up to a factor for each row, and go to shared memory as the left side of P V.
void
make_probabilities (bool first)
{
  float factor = p.scale * 1.44269504; // the softmax in powers of two
  UNROLL for (uint t = 0; t < TILES; t++)
    {
      float most = MASKED;
      UNROLL for (uint j = 0; j < S_TILES; j++)
        {
          s[t * S_TILES + j] = s[t * S_TILES + j] * factor - top[t];
          UNROLL for (uint i = 0; i < top[0].length (); i++)
            most = max (most, s[t * S_TILES + j][i]);
        }
      // Subgroups that share rows must agree, and so they raise it always.
      if (first || SPLIT > 1 || subgroupBallot (most > LAG) != uvec4 (0))
        raise_top (t, first);
      UNROLL for (uint j = 0; j < S_TILES; j++)
        {
          UNROLL for (uint i = 0; i < top[0].length (); i++)
            s[t * S_TILES + j][i] = exp2 (s[t * S_TILES + j][i]);
          total[t] = total[t] + s[t * S_TILES + j];
          coopMatStore (MatrixP (s[t * S_TILES + j]), probability, (first_row + t * MATRIX_M) * P_STRIDE + (part * S_TILES + j) * MATRIX_N / 8,
                        P_STRIDE, ROW_MAJOR);
        }
    }
}
