#include "app/spooled_input.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "error/error.h"

namespace redkeep::app {
namespace {

// How soon a request to stop is heard while nothing comes.
constexpr int kSpoolPollMs = 100;

Error spool_failure(std::string_view doing) {
  return make_error(ErrorKind::Io, "cannot {}: {}", doing, system_reason(errno));
}

Status write_whole(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return spool_failure("keep the input in a temporary file");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<SpooledInput> SpooledInput::read(int descriptor, const std::stop_token& stop) {
  std::error_code failure;
  const auto directory = std::filesystem::temp_directory_path(failure);
  std::string pattern = (failure ? "/tmp" : directory.string()) + "/redkeep-input-XXXXXX";
  SpooledInput spooled(::mkstemp(pattern.data()));
  if (spooled.descriptor_ < 0) return spool_failure("make a temporary file for the input");
  ::unlink(pattern.c_str());
  std::array<char, 65536> block;
  for (;;) {
    if (stop.stop_requested()) return interrupted();
    pollfd waiting{descriptor, POLLIN, 0};
    if (::poll(&waiting, 1, kSpoolPollMs) <= 0) continue;
    const ssize_t bytes = ::read(descriptor, block.data(), block.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return spool_failure("read the input");
    if (bytes == 0) return spooled;
    const std::string_view part(block.data(), static_cast<std::size_t>(bytes));
    if (const Status written = write_whole(spooled.descriptor_, part); !written) {
      return written.error();
    }
  }
}

SpooledInput::~SpooledInput() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string SpooledInput::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

}  // namespace redkeep::app
