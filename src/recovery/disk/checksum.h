#pragma once
// What tells that a file of ours still has the bytes that it was written with: XXH3-64. Not against
// somebody who wants to deceive.
#include <memory>
#include <string>
#include <string_view>

#include "redkeep/result.h"

struct XXH3_state_s;

namespace redkeep::recovery {

class Checksum {
 public:
  Checksum();
  void add(std::string_view bytes);
  /// Of all bytes so far, as 16 hexadecimal digits.
  std::string text() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

/// Of the bytes that a file has now.
Result<std::string> checksum_of_file(const std::string& path);

}  // namespace redkeep::recovery
