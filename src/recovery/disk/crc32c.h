#pragma once
// CRC-32C (Castagnoli; RFC 3720, B.4), which finds each burst of up to 32 wrong bits. Pure.
#include <cstdint>
#include <string_view>

namespace redkeep::recovery {

/// Goes on from the CRC of what was before: crc32c("ab") == crc32c("b", crc32c("a")).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace redkeep::recovery
