#include "app/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/print_error.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {
constexpr std::chrono::milliseconds kTerminalEvery{100};
constexpr std::chrono::milliseconds kPlainEvery{3000};
}  // namespace

ProgressLine::ProgressLine(std::string unit)
    : unit_(std::move(unit)), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(std::string_view doing, std::int64_t count, double share) {
  const auto now = Clock::now();
  if (now - last_ < (is_terminal_ ? kTerminalEvery : kPlainEvery)) return;
  last_ = now;
  const std::string line =
      progress_text(doing, count, unit_, now - begun_, share, count_before_, share_before_);
  if (is_terminal_) {
    print_error("\r\x1b[K{}", line);
  } else {
    print_error("{}\n", line);
  }
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::go_on_from(std::int64_t count, double share) {
  count_before_ = count;
  share_before_ = share;
  begun_ = Clock::now();
}

void ProgressLine::clear() {
  if (shown_ && is_terminal_) print_error("\r\x1b[K");
  shown_ = false;
}

std::string progress_text(std::string_view doing, std::int64_t count, std::string_view unit,
                          std::chrono::duration<double> taken, double share,
                          std::int64_t count_before, double share_before) {
  if (unit.empty() || count < 0) return std::string(doing);
  const double seconds = taken.count();
  const auto rate =
      seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(count - count_before) / seconds)
                  : 0;
  if (count == 1 && unit.ends_with('s')) unit.remove_suffix(1);
  std::string line = fmt::format("{}: {} {}, {}/s", doing, sizes::print_count(count), unit,
                                 sizes::print_count(rate));
  // So early the time that is left would be a guess.
  constexpr double kLeastShare = 1e-6;
  if (share - share_before < kLeastShare) return line;
  share = std::min(share, 1.0);
  const double own_share = std::max(share - share_before, kLeastShare);
  constexpr int kWidth = 20;
  const int filled = static_cast<int>(share * kWidth);
  const auto left_ms = static_cast<std::int64_t>(1000 * seconds * (1 - share) / own_share);
  line = fmt::format("[{:#<{}}{:-<{}}] {:3.0f} %  {}", "", filled, "", kWidth - filled, 100 * share,
                     line);
  if (left_ms == 0) return line;
  return fmt::format("{}, {} left", line,
                     sizes::print_duration(std::chrono::milliseconds{left_ms}));
}

}  // namespace redkeep::app
