// y = leaky(conv3x3(x) + bias) + skip, and its gradients, by Winograd's F(4x4, 3x3); see winograd.py. float32, AVX2 and FMA.
//
// A tile of 4x4 output pixels sees 6x6 of input, which overlap by two. Per tile, with the matrices of Lavin and Gray 2016:
//   V = B' d B,  M[i] = V[i] U[i] for each of the 36 points i,  y = A' M A.
// The gradient runs the same way back: dM = A dy A', dU[i] = V[i]' dM[i], dV[i] = dM[i] U[i]', dd = B dV B'.
// Some tiles at a time go through all of that in the second-level cache.
#include <ATen/Parallel.h>
#include <immintrin.h>
#include <torch/extension.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <vector>

namespace {

constexpr int TILE = 4, SEEN = 6, POINTS = SEEN * SEEN;
constexpr int GROUP = 12;  // tiles at a time: a multiple of `times`'s six rows
constexpr int LANES = 8, PANEL = 2 * LANES;

using Vec = __m256;
Vec all(float x) { return _mm256_set1_ps(x); }
Vec load(const float* p) { return _mm256_loadu_ps(p); }
void store(float* p, Vec x) { _mm256_storeu_ps(p, x); }
Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }

// Each of these takes a column of x, `s` apart, to one of y, `q` apart: by B', B, A' and A.
void by_b_transposed(const Vec* x, int s, Vec* y, int q) {
  const Vec x0 = x[0], x1 = x[s], x2 = x[2 * s], x3 = x[3 * s], x4 = x[4 * s], x5 = x[5 * s];
  const Vec a = fma(all(-4), x2, x4), b = fma(all(-4), x1, x3), c = sub(x4, x2), d = mul(all(2), sub(x3, x1));
  y[0] = fma(all(4), x0, fma(all(-5), x2, x4));
  y[q] = add(a, b);
  y[2 * q] = sub(a, b);
  y[3 * q] = add(c, d);
  y[4 * q] = sub(c, d);
  y[5 * q] = fma(all(4), x1, fma(all(-5), x3, x5));
}

void by_b(const Vec* x, int s, Vec* y, int q) {
  const Vec x0 = x[0], x1 = x[s], x2 = x[2 * s], x3 = x[3 * s], x4 = x[4 * s], x5 = x[5 * s];
  const Vec a = add(x1, x2), b = sub(x1, x2), c = add(x3, x4), d = sub(x3, x4);
  y[0] = mul(all(4), x0);
  y[q] = fma(all(-4), b, fma(all(-2), d, mul(all(4), x5)));
  y[2 * q] = sub(fma(all(-5), x0, mul(all(-4), a)), c);
  y[3 * q] = fma(all(2), d, fma(all(-5), x5, b));
  y[4 * q] = add(x0, add(a, c));
  y[5 * q] = x5;
}

void by_a_transposed(const Vec* x, int s, Vec* y, int q) {
  const Vec x0 = x[0], x1 = x[s], x2 = x[2 * s], x3 = x[3 * s], x4 = x[4 * s], x5 = x[5 * s];
  const Vec a = add(x1, x2), b = sub(x1, x2), c = add(x3, x4), d = sub(x3, x4);
  y[0] = add(x0, add(a, c));
  y[q] = fma(all(2), d, b);
  y[2 * q] = fma(all(4), c, a);
  y[3 * q] = fma(all(8), d, add(b, x5));
}

void by_a(const Vec* x, int s, Vec* y, int q) {
  const Vec x0 = x[0], x1 = x[s], x2 = x[2 * s], x3 = x[3 * s];
  const Vec a = add(x0, x2), b = add(x1, x3), c = fma(all(4), x2, x0), d = fma(all(8), x3, mul(all(2), x1));
  y[0] = x0;
  y[q] = add(a, b);
  y[2 * q] = sub(a, b);
  y[3 * q] = add(c, d);
  y[4 * q] = sub(c, d);
  y[5 * q] = x3;
}

// c[t][n] = sum over k of a[t][k] b[k][n], b packed in panels of 16 columns.
void times(const float* a, const float* packed, float* c, int rows, int inner, int columns) {
  for (int n = 0; n < columns; n += PANEL, packed += size_t(inner) * PANEL) {
    int t = 0;
    for (; t + 6 <= rows; t += 6) {
      Vec sum[6][2];
      for (auto& row : sum) row[0] = row[1] = all(0);
      const float *x = a + size_t(t) * inner, *y = packed;
      for (int k = 0; k < inner; ++k, y += PANEL) {
        const Vec left = load(y), right = load(y + LANES);
#pragma GCC unroll 6
        for (int i = 0; i < 6; ++i) {
          const Vec one = _mm256_broadcast_ss(x + size_t(i) * inner + k);
          sum[i][0] = fma(one, left, sum[i][0]);
          sum[i][1] = fma(one, right, sum[i][1]);
        }
      }
      for (int i = 0; i < 6; ++i) {
        store(c + size_t(t + i) * columns + n, sum[i][0]);
        store(c + size_t(t + i) * columns + n + LANES, sum[i][1]);
      }
    }
    for (; t < rows; ++t) {
      Vec left = all(0), right = all(0);
      const float* y = packed;
      for (int k = 0; k < inner; ++k, y += PANEL) {
        const Vec one = _mm256_broadcast_ss(a + size_t(t) * inner + k);
        left = fma(one, load(y), left);
        right = fma(one, load(y + LANES), right);
      }
      store(c + size_t(t) * columns + n, left);
      store(c + size_t(t) * columns + n + LANES, right);
    }
  }
}

// c[k][n] += sum over t of a[t][k] b[t][n].
void add_transposed_times(const float* a, const float* b, float* c, int rows, int inner, int columns) {
  for (int n = 0; n < columns; n += PANEL)
    for (int k = 0; k < inner; k += 4) {
      Vec sum[4][2];
      for (int i = 0; i < 4; ++i) {
        sum[i][0] = load(c + size_t(k + i) * columns + n);
        sum[i][1] = load(c + size_t(k + i) * columns + n + LANES);
      }
      for (int t = 0; t < rows; ++t) {
        const float* y = b + size_t(t) * columns + n;
        const Vec left = load(y), right = load(y + LANES);
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          const Vec one = _mm256_broadcast_ss(a + size_t(t) * inner + k + i);
          sum[i][0] = fma(one, left, sum[i][0]);
          sum[i][1] = fma(one, right, sum[i][1]);
        }
      }
      for (int i = 0; i < 4; ++i) {
        store(c + size_t(k + i) * columns + n, sum[i][0]);
        store(c + size_t(k + i) * columns + n + LANES, sum[i][1]);
      }
    }
}

// (36, rows, columns) -> the same points, each in panels of 16 columns.
at::Tensor pack(const at::Tensor& points) {
  const auto rows = points.size(1), panels = points.size(2) / PANEL;
  return points.view({POINTS, rows, panels, PANEL}).transpose(1, 2).contiguous();
}

struct Shape {
  int images, height, width, inputs, outputs;
  bool zero;  // what lies beyond the border: zeros, else the border repeated
  int across() const { return (width + TILE - 1) / TILE; }
  int tiles() const { return (height + TILE - 1) / TILE * across(); }

  // Where in an image (H, W, inputs) each of the 36 pixels that a tile sees begins, or -1 for a zero.
  std::array<int64_t, POINTS> seen(int tile) const {
    std::array<int64_t, POINTS> places;
    for (int i = 0; i < POINTS; ++i) {
      const int y = tile / across() * TILE - 1 + i / SEEN, x = tile % across() * TILE - 1 + i % SEEN;
      const bool outside = y < 0 || y >= height || x < 0 || x >= width;
      const int64_t row = std::clamp(y, 0, height - 1), column = std::clamp(x, 0, width - 1);
      places[i] = zero && outside ? -1 : (row * width + column) * inputs;
    }
    return places;
  }

  // Where in a batch (N, H, W, outputs) a tile's pixel i of 16 begins, or -1 beyond the border.
  int64_t made(int image, int tile, int i) const {
    const int y = tile / across() * TILE + i / TILE, x = tile % across() * TILE + i % TILE;
    return y < height && x < width ? ((int64_t(image) * height + y) * width + x) * outputs : -1;
  }
};

// V of `count` tiles from `first`, (36, GROUP, inputs).
void see(const float* image, const Shape& shape, int first, int count, float* v) {
  for (int t = 0; t < count; ++t) {
    const auto places = shape.seen(first + t);
    for (int c = 0; c < shape.inputs; c += LANES) {
      Vec d[POINTS], e[POINTS];
      for (int i = 0; i < POINTS; ++i) d[i] = places[i] < 0 ? all(0) : load(image + places[i] + c);
      for (int j = 0; j < SEEN; ++j) by_b_transposed(d + j, SEEN, e + j, SEEN);
      for (int i = 0; i < SEEN; ++i) by_b_transposed(e + i * SEEN, 1, d + i * SEEN, 1);
      for (int i = 0; i < POINTS; ++i) store(v + (size_t(i) * GROUP + t) * shape.inputs + c, d[i]);
    }
  }
}

}  // namespace

// x (N, H, W, C), u (36, C, K), skip as y or none -> y (N, H, W, K), and which of it were positive, a bit each.
std::tuple<at::Tensor, at::Tensor> forward(const at::Tensor& x, const at::Tensor& u, const at::Tensor& bias,
                                           const std::optional<at::Tensor>& skip, double slope, bool zero) {
  const Shape shape{int(x.size(0)), int(x.size(1)), int(x.size(2)), int(x.size(3)), int(u.size(2)), zero};
  const int inputs = shape.inputs, outputs = shape.outputs;
  const auto y = at::empty({shape.images, shape.height, shape.width, outputs}, x.options());
  const auto positive = at::empty({shape.images, shape.height, shape.width, outputs / LANES}, x.options().dtype(at::kByte));
  const auto packed = pack(u);
  const float *from = x.data_ptr<float>(), *weights = packed.data_ptr<float>(), *biases = bias.data_ptr<float>();
  const float* skipped = skip ? skip->data_ptr<float>() : nullptr;
  float* to = y.data_ptr<float>();
  uint8_t* signs = positive.data_ptr<uint8_t>();
  const int groups = (shape.tiles() + GROUP - 1) / GROUP;  // an image's
  at::parallel_for(0, int64_t(shape.images) * groups, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> v(size_t(POINTS) * GROUP * inputs), m(size_t(POINTS) * GROUP * outputs);
    for (int64_t group = begin; group < end; ++group) {
      const int image = group / groups, first = group % groups * GROUP;
      const int count = std::min(GROUP, shape.tiles() - first);
      see(from + size_t(image) * shape.height * shape.width * inputs, shape, first, count, v.data());
      for (int i = 0; i < POINTS; ++i)
        times(&v[size_t(i) * GROUP * inputs], weights + size_t(i) * inputs * outputs, &m[size_t(i) * GROUP * outputs],
              count, inputs, outputs);
      for (int t = 0; t < count; ++t)
        for (int k = 0; k < outputs; k += LANES) {
          Vec d[POINTS], e[TILE * SEEN], o[TILE * TILE];
          for (int i = 0; i < POINTS; ++i) d[i] = load(&m[(size_t(i) * GROUP + t) * outputs + k]);
          for (int j = 0; j < SEEN; ++j) by_a_transposed(d + j, SEEN, e + j, SEEN);
          for (int i = 0; i < TILE; ++i) by_a_transposed(e + i * SEEN, 1, o + i * TILE, 1);
          for (int i = 0; i < TILE * TILE; ++i) {
            const int64_t place = shape.made(image, first + t, i);
            if (place < 0) continue;
            const Vec sum = add(o[i], load(biases + k));
            Vec leaky = _mm256_blendv_ps(sum, mul(sum, all(slope)), sum);
            if (skipped) leaky = add(leaky, load(skipped + place + k));
            store(to + place + k, leaky);
            signs[(place + k) / LANES] = ~_mm256_movemask_ps(sum);
          }
        }
    }
  });
  return {y, positive};
}

// From x, u transposed to (36, K, C), y's gradient and `positive`: the gradients of x, u and the bias; x's or u's may be left out.
std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& x, const at::Tensor& u_transposed,
                                                        const at::Tensor& dy, const at::Tensor& positive, double slope,
                                                        bool zero, bool of_x, bool of_u) {
  const Shape shape{int(x.size(0)), int(x.size(1)), int(x.size(2)), int(x.size(3)), int(u_transposed.size(1)), zero};
  const int inputs = shape.inputs, outputs = shape.outputs;
  const int threads = std::min(at::get_num_threads(), shape.images);
  const auto dx = of_x ? at::zeros_like(x) : at::empty({0}, x.options());
  const auto du = at::zeros({threads, POINTS, inputs, outputs}, x.options());  // a sum a thread, joined at the end
  const auto db = at::zeros({threads, outputs}, x.options());
  const auto packed = pack(u_transposed);
  const float *from = x.data_ptr<float>(), *weights = packed.data_ptr<float>(), *gradient = dy.data_ptr<float>();
  const uint8_t* signs = positive.data_ptr<uint8_t>();
  std::array<std::array<float, LANES>, 256> slopes;
  for (int bits = 0; bits < 256; ++bits)
    for (int lane = 0; lane < LANES; ++lane) slopes[bits][lane] = bits >> lane & 1 ? 1.f : float(slope);
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> v(size_t(POINTS) * GROUP * inputs), dv(v.size()), dm(size_t(POINTS) * GROUP * outputs);
    for (int thread = begin; thread < end; ++thread) {
      float* of_points = du.data_ptr<float>() + size_t(thread) * POINTS * inputs * outputs;
      float* of_bias = db.data_ptr<float>() + size_t(thread) * outputs;
      for (int image = shape.images * thread / threads; image < shape.images * (thread + 1) / threads; ++image)
        for (int first = 0; first < shape.tiles(); first += GROUP) {
          const int count = std::min(GROUP, shape.tiles() - first);
          const size_t start = size_t(image) * shape.height * shape.width * inputs;
          if (of_u) see(from + start, shape, first, count, v.data());
          for (int t = 0; t < count; ++t)
            for (int k = 0; k < outputs; k += LANES) {
              Vec o[TILE * TILE], e[TILE * SEEN], d[POINTS], sum = load(of_bias + k);
              for (int i = 0; i < TILE * TILE; ++i) {
                const int64_t place = shape.made(image, first + t, i);
                o[i] = all(0);
                if (place < 0) continue;
                o[i] = mul(load(gradient + place + k), load(slopes[signs[(place + k) / LANES]].data()));
                sum = add(sum, o[i]);
              }
              store(of_bias + k, sum);
              for (int j = 0; j < TILE; ++j) by_a(o + j, TILE, e + j, TILE);
              for (int i = 0; i < SEEN; ++i) by_a(e + i * TILE, 1, d + i * SEEN, 1);
              for (int i = 0; i < POINTS; ++i) store(&dm[(size_t(i) * GROUP + t) * outputs + k], d[i]);
            }
          for (int i = 0; i < POINTS; ++i) {
            const float* point = &dm[size_t(i) * GROUP * outputs];
            const size_t of_point = size_t(i) * inputs * outputs, of_group = size_t(i) * GROUP * inputs;
            if (of_u) add_transposed_times(&v[of_group], point, of_points + of_point, count, inputs, outputs);
            if (of_x) times(point, weights + of_point, &dv[of_group], count, outputs, inputs);
          }
          if (!of_x) continue;
          for (int t = 0; t < count; ++t) {
            const auto places = shape.seen(first + t);
            float* to = dx.data_ptr<float>() + start;
            for (int c = 0; c < inputs; c += LANES) {
              Vec d[POINTS], e[POINTS];
              for (int i = 0; i < POINTS; ++i) d[i] = load(&dv[(size_t(i) * GROUP + t) * inputs + c]);
              for (int j = 0; j < SEEN; ++j) by_b(d + j, SEEN, e + j, SEEN);
              for (int i = 0; i < SEEN; ++i) by_b(e + i * SEEN, 1, d + i * SEEN, 1);
              for (int i = 0; i < POINTS; ++i)
                if (places[i] >= 0) store(to + places[i] + c, add(load(to + places[i] + c), d[i]));
            }
          }
        }
    }
  });
  return {dx, du.sum(0), db.sum(0)};
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("forward", &forward);
  module.def("backward", &backward);
}
