#pragma once
// How often an alert may be sent. Pure: time is an argument.
#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace redkeep::guard {

/// At most one alert of a subject in `every`. Each subject has its own clock, so that a warning
/// does not hide the critical alert that follows it.
class AlertGate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit AlertGate(std::chrono::seconds every) : every_(every) {}

  bool pass(std::string_view subject, TimePoint now) {
    const auto last = last_.find(subject);
    if (last == last_.end()) {
      last_.emplace(subject, now);
      return true;
    }
    if (now - last->second < every_) return false;
    last->second = now;
    return true;
  }

 private:
  std::chrono::seconds every_;
  std::map<std::string, TimePoint, std::less<>> last_;
};

}  // namespace redkeep::guard
