#pragma once
// How far long work is, on stderr: one line rewritten on a terminal, a plain line every few seconds
// elsewhere.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace redkeep::app {

class ProgressLine {
 public:
  /// `unit` is what is counted, such as "rows"; empty: nothing is.
  explicit ProgressLine(std::string unit);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `share` is the part that is done, 0 to 1; below 0: not known. A `count` below 0: there is none
  /// yet.
  void show(std::string_view doing, std::int64_t count, double share);
  /// So many, and this share, were done before this run: the speed and the time that is left are
  /// those of this run alone.
  void go_on_from(std::int64_t count, double share);
  /// Removes the line from a terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string unit_;
  bool is_terminal_;
  bool shown_ = false;
  std::int64_t count_before_ = 0;
  double share_before_ = 0;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point last_ = begun_;
};

/// "[####----------------]  20 %  loading: 200 rows, 100/s, 8.0 s left"; only the words where the
/// share is not known (below 0), and only `doing` where nothing is counted (no unit, or a count
/// below 0). What was done before the time `taken` began does not count as its work. Pure.
std::string progress_text(std::string_view doing, std::int64_t count, std::string_view unit,
                          std::chrono::duration<double> taken, double share,
                          std::int64_t count_before = 0, double share_before = 0);

}  // namespace redkeep::app
