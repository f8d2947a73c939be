#include "recovery/disk/checksum.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cerrno>
#include <fstream>
#include <vector>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kChecksumBlockBytes = std::size_t{256} << 10;

}  // namespace

Checksum::Checksum() : state_(XXH3_createState()) { XXH3_64bits_reset(state_.get()); }

void Checksum::add(std::string_view bytes) {
  XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

std::string Checksum::text() const {
  return fmt::format("{:016x}", XXH3_64bits_digest(state_.get()));
}

void Checksum::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

Result<std::string> checksum_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(ErrorKind::Io, "cannot read {}: {}", path, system_reason(errno));
  Checksum checksum;
  std::vector<char> block(kChecksumBlockBytes);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    checksum.add({block.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (in.bad()) return make_error(ErrorKind::Io, "cannot read {}: {}", path, system_reason(errno));
  return checksum.text();
}

}  // namespace redkeep::recovery
