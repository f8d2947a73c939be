#pragma once
// How far long work is, on stderr: one line rewritten on a terminal, a plain line every few seconds
// elsewhere.
#include <chrono>
#include <cstdint>
#include <string>

namespace redkeep::app {

class ProgressLine {
 public:
  /// `unit` is what is counted, such as "rows".
  explicit ProgressLine(std::string unit);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `share` is the part that is done, 0 to 1; below 0: not known.
  void show(std::string_view doing, std::int64_t count, double share);
  /// Removes the line from a terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string unit_;
  bool is_terminal_;
  bool shown_ = false;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point last_ = begun_;
};

}  // namespace redkeep::app
