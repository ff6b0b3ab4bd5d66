// A row of floats: zeroed, aligned, with room behind its end for whole vectors.

#ifndef VSCHAOS_ENGINE_BASE_FLOATS_H_
#define VSCHAOS_ENGINE_BASE_FLOATS_H_

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace engine {

// The least multiple of `step` that is not below `count`.
inline int RoundUp(int count, int step) { return (count + step - 1) / step * step; }

class Floats {
 public:
  static constexpr std::size_t kRoom = 64;  // floats behind the end

  Floats() = default;
  explicit Floats(std::size_t count) { Make(count); }
  Floats(Floats&& other) noexcept { *this = std::move(other); }
  Floats& operator=(Floats&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Floats() { std::free(data_); }

  // Throws std::bad_alloc.
  void Make(std::size_t count) {
    const std::size_t bytes = ((count + kRoom) * sizeof(float) + 63) / 64 * 64;
    std::free(data_);
    data_ = static_cast<float*>(std::aligned_alloc(64, bytes));
    if (!data_) throw std::bad_alloc();
    std::memset(data_, 0, bytes);
    count_ = count;
  }
  void Zero() {
    if (data_) std::memset(data_, 0, count_ * sizeof(float));
  }
  void Copy(const float* from, std::size_t count) { std::memcpy(data_, from, count * sizeof(float)); }
  // All of it `step` floats towards the front; zeros come in behind.
  void Shift(std::size_t step) {
    std::memmove(data_, data_ + step, (count_ - step) * sizeof(float));
    std::memset(data_ + count_ - step, 0, step * sizeof(float));
  }

  std::size_t size() const { return count_; }
  float* data() { return data_; }
  const float* data() const { return data_; }
  float& operator[](std::size_t i) { return data_[i]; }
  float operator[](std::size_t i) const { return data_[i]; }

 private:
  float* data_ = nullptr;
  std::size_t count_ = 0;
};

// Rows of one length, each with room behind its end.
class Rows {
 public:
  void Make(int rows, int columns) {
    stride_ = std::size_t(RoundUp(columns, 16)) + Floats::kRoom;
    rows_ = rows;
    all_.Make(stride_ * rows);
  }
  void Zero() { all_.Zero(); }
  float* operator[](int row) { return all_.data() + stride_ * row; }
  const float* operator[](int row) const { return all_.data() + stride_ * row; }
  int stride() const { return static_cast<int>(stride_); }
  int rows() const { return rows_; }
  void CopyRow(int from, int to) {
    std::memcpy((*this)[to], (*this)[from], stride_ * sizeof(float));
  }

 private:
  Floats all_;
  std::size_t stride_ = 0;
  int rows_ = 0;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_BASE_FLOATS_H_
