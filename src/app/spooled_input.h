#pragma once
// Standard input, or another pipe, as a file that can be read twice: a temporary one without a
// name, gone with the object or the process.
#include <stop_token>
#include <string>
#include <utility>

#include "redkeep/result.h"

namespace redkeep::app {

class SpooledInput {
 public:
  /// Reads `descriptor` to its end. Blocks; fails with Io, or with Interrupted.
  static Result<SpooledInput> read(int descriptor, const std::stop_token& stop);

  SpooledInput(SpooledInput&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  SpooledInput& operator=(SpooledInput&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~SpooledInput();

  /// To open it by, for as long as this object is there.
  std::string path() const;

 private:
  explicit SpooledInput(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace redkeep::app
