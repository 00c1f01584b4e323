// attention-shared-softmax.glsl: the softmax of attention-shared.comp, over the scores in registers.

const float LAG = 8.0;      // powers of two that a score may be above what its row is relative to
const float MASKED = -1e30;

shared float top[ROWS];     // what a row's probabilities are relative to, in powers of two
shared float rise[ROWS];    // by how much it was raised last
shared uint grown;          // 1: it has to be raised

// The largest of each row becomes what it is relative to.
void
raise_top (float most[S_ROWS], bool first)
{
  uint row = id / S_ACROSS * S_ROWS, o_row = id / ACROSS * O_ROWS;
  [[unroll]] for (uint r = 0; r < S_ROWS; r++)
    row_part[(row + r) * S_ACROSS + id % S_ACROSS] = most[r];
  barrier ();
  for (uint r = id; r < ROWS; r += LOCAL_SIZE)
    {
      float x = first ? MASKED : 0.0;
      [[unroll]] for (uint i = 0; i < S_ACROSS; i++)
        x = max (x, row_part[r * S_ACROSS + i]);
      rise[r] = x;
      top[r] = first ? x : top[r] + x;
    }
  if (id == 0)
    grown = 0;
  barrier ();
  [[unroll]] for (uint r = 0; r < S_ROWS; r++)
    {
      total[r] = first ? 0.0 : total[r] * exp2 (-rise[row + r]);
      [[unroll]] for (uint j = 0; j < S_KEYS; j++)
        s[r][j] -= rise[row + r];
    }
  [[unroll]] for (uint r = 0; r < O_ROWS; r++)
    [[unroll]] for (uint c = 0; c < O_FOURS; c++)
      o[r][c] = first ? vec4 (0.0) : o[r][c] * exp2 (-rise[o_row + r]);
}

void
make_probabilities (uint t0, uint j0)
{
  uint row = id / S_ACROSS * S_ROWS, key = id % S_ACROSS * S_KEYS;
  float factor = p.scale * 1.44269504; // the softmax in powers of two
  float most[S_ROWS];
  [[unroll]] for (uint r = 0; r < S_ROWS; r++)
    {
      most[r] = MASKED;
      [[unroll]] for (uint j = 0; j < S_KEYS; j++)
        {
          bool seen = j0 + key + j < p.tk && (CAUSAL == 0 || j0 + key + j <= t0 + row + r);
          s[r][j] = seen ? s[r][j] * factor - (j0 == 0 ? 0.0 : top[row + r]) : MASKED;
          most[r] = max (most[r], s[r][j]);
        }
      if (j0 > 0 && most[r] > LAG)
        grown = 1;
    }
  barrier ();
  if (j0 == 0 || grown != 0)
    raise_top (most, j0 == 0);
  [[unroll]] for (uint r = 0; r < S_ROWS; r++)
    [[unroll]] for (uint j = 0; j < S_KEYS; j += 4)
      {
        vec4 x = exp2 (vec4 (s[r][j], s[r][j + 1], s[r][j + 2], s[r][j + 3]));
        total[r] += x.x + x.y + x.z + x.w;
        probability[(row + r) * P_STRIDE + (key + j) / 4] = x;
      }
}
