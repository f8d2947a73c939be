#pragma once
// A fuzz target: libFuzzer's entry, and seeds for the driver that needs no clang (driver.cpp).
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace redkeep::fuzz {

/// Inputs that a target takes as good, and near ones: what the driver mutates.
std::vector<std::string> seeds();

/// Ends the process if a rule does not hold for the input that is being tried.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", rule);
  std::abort();
}

}  // namespace redkeep::fuzz
